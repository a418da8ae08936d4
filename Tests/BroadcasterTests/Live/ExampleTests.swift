import DevServices
import Foundation
import TestSupport
import Testing
import WebSocketTransport

@testable import Broadcaster

/// The examples keep a correct book: through a snapshot in several parts, changes, and a server that goes away and comes back.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct ExampleTests {
    private static let folder = ProtocolSchemas.root.appendingPathComponent("examples")

    private static func has(_ programs: String...) -> Bool {
        programs.allSatisfy { program in
            ["/usr/bin", "/usr/local/bin", "/bin"].contains {
                FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
            }
        }
    }

    @Test(.enabled(if: has("curl", "jq"), "needs curl and jq")) func curl() async throws {
        let script = Self.folder.appendingPathComponent("curl/odds.sh").path
        try await follow { ProcessLaunch("/bin/bash", [script, "http://127.0.0.1:\($0)/v1/stream"]) }
    }

    @Test(.enabled("needs Python with websockets, from the system or PyPI") { await ExamplePython.isReady })
    func pythonOverWebSocket() async throws {
        let script = Self.folder.appendingPathComponent("python/odds_book.py").path
        try await follow { ProcessLaunch(ExamplePython.program, [script, "ws://127.0.0.1:\($0)/v1/ws"]) }
    }

    @Test(.enabled("needs Python with httpx-sse, from the system or PyPI") { await ExamplePython.isReady })
    func pythonOverEventStream() async throws {
        let script = Self.folder.appendingPathComponent("python/odds_stream.py").path
        try await follow { ProcessLaunch(ExamplePython.program, [script, "http://127.0.0.1:\($0)/v1/stream"]) }
    }

    @Test func swift() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("touchline-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = folder.appendingPathComponent("odds_book").path
        var compiler = ProcessLaunch(
            "swiftc", [Self.folder.appendingPathComponent("swift/odds_book.swift").path, "-o", program])
        compiler.output = .capture
        let compiling = try await ChildProcess.start(compiler)
        let outcome = await compiling.wait()
        try #require(outcome.isSuccess, "\(compiling.capturedOutput())")
        try await follow { ProcessLaunch(program, ["http://127.0.0.1:\($0)/v1/stream"]) }
    }

    /// Chromium tells of the page's book on its console.
    @Test(.needsChromium) func browser() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("touchline-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let page = folder.appendingPathComponent("index.html")
        let example = try String(contentsOf: Self.folder.appendingPathComponent("browser/index.html"), encoding: .utf8)
        let telling = """
            <script>
            const book = document.getElementById("book");
            new MutationObserver(() => console.log("BOOK" + book.textContent + "END")).observe(book, { childList: true });
            </script>
            """
        try (example + telling).write(to: page, atomically: true, encoding: .utf8)
        try await follow { port in
            ProcessLaunch(
                "chromium",
                [
                    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr",
                    "--user-data-dir=\(folder.path)/profile", "\(page.absoluteString)?url=ws://127.0.0.1:\(port)/v1/ws",
                ])
        }
    }

    // MARK: The course of events

    private func follow(_ launch: (_ port: Int) -> ProcessLaunch) async throws {
        try await LiveFeed.with { feed in
            var script = EntryScript(feed: feed.feed)
            func change(_ fixture: String, _ prices: [String: String?]) async throws {
                try await feed.append(
                    script.entry([prices.map { .odds(fixture: fixture, option: $0.key, price: $0.value) }]))
            }
            let many = (0..<700).map { ("option-\($0)", "1.\($0 + 100)") }
            try await change("large", Dictionary(uniqueKeysWithValues: many.map { ($0.0, $0.1) }))
            try await change("small", ["home": "2.5"])

            var port = 0
            var child: ChildProcess?
            try await feed.serve({ $0.allowedOrigins = ["*"] }) { live in
                port = live.address.port
                var launch = launch(port)
                launch.output = .capture
                child = try await ChildProcess.start(launch)
                try await agree(child, live)
                try await change("small", ["home": "2.6", "away": "3.5"])
                try await change("large", ["option-1": "9", "option-700": "8"])
                try await agree(child, live)
            }
            try await change("small", ["home": "2.7"])
            try await change("new", ["home": "5"])
            // Those who offer compression are given it by the second one.
            func compress(_ configuration: inout BroadcasterConfiguration) {
                configuration.allowedOrigins = ["*"]
                configuration.acceptsCompression = true
            }
            try await feed.serve(port: port, compress) { live in
                try await agree(child, live)
                try await change("new", ["home": "6", "draw": "7"])
                try await agree(child, live)
            }
            _ = await child?.end(with: SIGKILL)
        }
    }

    /// Returns when the last book that the example has told of is the server's.
    private func agree(_ child: ChildProcess?, _ live: LiveBroadcaster) async throws {
        while true {
            let expected = try book(try await live.get("/v1/odds").text)
            let lines =
                child?.capturedOutput().split(separator: "\n", omittingEmptySubsequences: false).dropLast() ?? []
            if let last = lines.reversed().lazy.compactMap({ Self.told(String($0)) }).first, last == expected { return }
            guard child?.isRunning == true else {
                throw ExampleEnded(output: child?.capturedOutput() ?? "it was never started")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private struct ExampleEnded: Error {
        let output: String
    }

    /// The book in a line of output, if there is one.
    private static func told(_ line: String) -> JSONText? {
        var text = line
        if let start = line.range(of: "BOOK"), let end = line.range(of: "END\"", options: .backwards) {
            text = String(line[start.upperBound..<end.lowerBound])
        }
        return text.hasPrefix("{") ? try? JSONText(parsing: text) : nil
    }

    private func book(_ document: String) throws -> JSONText {
        var lanes: [String: JSONText] = [:]
        for lane in try JSONText(parsing: document)["lanes"]?.array ?? [] {
            var rows = lanes[lane["ln"]?.string ?? ""]?.object ?? [:]
            for row in lane["rows"]?.array ?? [] { rows[row["k"]?.string ?? ""] = row["p"] ?? .null }
            lanes[lane["ln"]?.string ?? ""] = .object(rows)
        }
        return .object(lanes)
    }
}

/// A Python that has what the examples need: the system's, or one of its own that PyPI made so, once.
enum ExamplePython {
    private static let folder = ProtocolSchemas.root
        .appendingPathComponent(".build/examples-python")

    static var program: String { folder.appendingPathComponent("bin/python").path }

    private static let preparation = Task { () -> Bool in
        if await canRun() { return true }
        guard await succeeds("python3", ["-m", "venv", "--system-site-packages", folder.path]) else { return false }
        if await canRun() { return true }
        guard
            await succeeds(
                program,
                [
                    "-m", "pip", "install", "--quiet", "--timeout", "10", "--retries", "1", "websockets", "httpx-sse",
                    "httpx",
                ])
        else { return false }
        return await canRun()
    }

    static var isReady: Bool {
        get async { await preparation.value }
    }

    private static func canRun() async -> Bool {
        await succeeds(program, ["-c", "import websockets, httpx, httpx_sse"])
    }

    private static func succeeds(_ program: String, _ arguments: [String]) async -> Bool {
        guard let child = try? await ChildProcess.start(ProcessLaunch(program, arguments)) else { return false }
        return await child.wait().isSuccess
    }
}
