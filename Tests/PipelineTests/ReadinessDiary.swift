import Foundation
import NIOPosix
import WebSocketTransport

/// What processes answer at `/health/ready`, asked again and again: of each start a text of letters, `s` for silence, `n` for
/// 503, `r` for 200, each letter once for as long as the answer stays the same.
actor ReadinessDiary {
    private var ports: [String: Int] = [:]
    private var current: [String: String] = [:]
    /// Of starts that have ended, by the process's name.
    private(set) var endings: [(name: String, answers: String)] = []
    /// How often somebody said that it drains.
    private(set) var drains = 0

    /// A process of that name is started now, and will answer at the port.
    func began(_ name: String, port: Int) {
        ports[name] = port
        current[name] = ""
    }

    /// It has ended.
    func ended(_ name: String) {
        guard ports.removeValue(forKey: name) != nil, let answers = current.removeValue(forKey: name) else { return }
        endings.append((name, answers))
    }

    /// What those say that run now.
    var running: [(name: String, answers: String)] {
        current.sorted { $0.key < $1.key }.map { (name: $0.key, answers: $0.value) }
    }

    func isReady(_ name: String) -> Bool { current[name]?.last == "r" }

    /// Asks until its task is cancelled.
    func run() async {
        while !Task.isCancelled {
            for (name, port) in ports {
                let (letter, isDraining) = await Self.answer(at: port)
                // Meanwhile it may have ended, and another may have taken its name.
                guard ports[name] == port, !Task.isCancelled else { continue }
                if current[name]?.last != letter { current[name]?.append(letter) }
                if isDraining { drains += 1 }
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    private static func answer(at port: Int) async -> (Character, isDraining: Bool) {
        var exchange = HTTPExchange(url: "http://127.0.0.1:\(port)/health/ready")
        exchange.method = "GET"
        guard let answer = try? await exchange.perform(group: MultiThreadedEventLoopGroup.singleton) else {
            return ("s", false)
        }
        let text = String(decoding: answer.body, as: UTF8.self)
        return (answer.status == 200 ? "r" : "n", text.contains("draining"))
    }
}
