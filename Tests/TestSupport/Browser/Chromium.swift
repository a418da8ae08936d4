import DevServices
import Foundation
package import Testing

/// Debian's Chromium without a window, on a profile of its own that is removed with it.
package final class Chromium: Sendable {
    private let child: ChildProcess
    private let profile: String
    private let connection: DevToolsConnection

    /// The browser of the suite that runs; nil outside `.chromium`.
    @TaskLocal package static var current: Chromium?

    /// Whether the program is there.
    package static let isInstalled = ["/usr/bin", "/usr/local/bin", "/bin"].contains {
        FileManager.default.isExecutableFile(atPath: "\($0)/chromium")
    }

    /// It did not start, or there is none.
    package struct Missing: Error, CustomStringConvertible {
        package let description: String
    }

    private init(child: ChildProcess, profile: String, connection: DevToolsConnection) {
        self.child = child
        self.profile = profile
        self.connection = connection
    }

    /// Runs `body` with a browser of its own.
    static func with(_ body: (Chromium) async throws -> Void) async throws {
        let browser = try await start()
        do { try await body(browser) } catch {
            await browser.stop()
            throw error
        }
        await browser.stop()
    }

    /// Runs `body` with an empty page that shares nothing with others.
    package static func withPage(_ body: (BrowserPage) async throws -> Void) async throws {
        guard let browser = current else { throw Missing(description: "the suite has no trait .chromium") }
        let connection = browser.connection
        let context = try await connection.call("Target.createBrowserContext", as: Context.self).browserContextId
        do {
            try await body(try await BrowserPage.make(in: context, of: connection))
        } catch {
            try? await browser.dispose(context)
            throw error
        }
        try await browser.dispose(context)
    }

    private struct Context: Decodable { let browserContextId: String }

    private func dispose(_ context: String) async throws {
        _ = try await connection.call("Target.disposeBrowserContext", ["browserContextId": .text(context)])
    }

    // MARK: Starting and stopping

    private static func start() async throws -> Chromium {
        let profile = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("chromium")).path
        var launch = ProcessLaunch(
            "chromium",
            [
                "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-extensions",
                "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
                "--disable-backgrounding-occluded-windows",
                "--remote-debugging-port=0", "--user-data-dir=\(profile)", "about:blank",
            ])
        launch.output = .capture
        let child = try await ChildProcess.start(launch)
        do {
            let url = try await address(in: profile, of: child)
            return Chromium(child: child, profile: profile, connection: try await DevToolsConnection.open(url))
        } catch {
            await child.end(with: SIGKILL)
            try? FileManager.default.removeItem(atPath: profile)
            throw error
        }
    }

    /// Waits for the file in which the browser says where it listens: a port, and a path.
    private static func address(in profile: String, of child: ChildProcess) async throws -> String {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline, child.isRunning {
            let text = (try? String(contentsOfFile: "\(profile)/DevToolsActivePort", encoding: .utf8)) ?? ""
            let lines = text.split(separator: "\n")
            if lines.count == 2 { return "ws://127.0.0.1:\(lines[0])\(lines[1])" }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Missing(description: "chromium does not listen: \(child.capturedOutput().suffix(500))")
    }

    private func stop() async {
        // Its helpers end by themselves when it has closed everything; only then the profile stays removed.
        _ = try? await connection.call("Browser.close")
        await connection.close()
        await child.end(killAfter: .seconds(10))
        try? FileManager.default.removeItem(atPath: profile)
    }
}

/// Starts a browser for a suite and ends it behind its last test.
package struct ChromiumTrait: SuiteTrait, TestScoping {
    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await Chromium.with { browser in
            try await Chromium.$current.withValue(browser) { try await function() }
        }
    }
}

extension Trait where Self == ChromiumTrait {
    /// The tests of the suite open pages with `Chromium.withPage`. Goes with `.needsChromium`.
    package static var chromium: Self { ChromiumTrait() }
}

extension Trait where Self == ConditionTrait {
    /// Skips, visibly, on a machine without the browser.
    package static var needsChromium: Self {
        .enabled(if: Chromium.isInstalled, "needs chromium: apt-get install chromium fonts-liberation")
    }
}
