package import FeedModel
import Foundation
package import Logging
import NIOCore
import NIOPosix
import Synchronization
import WebSocketTransport

/// How fast a recording is sent.
package enum ReplaySpeed: Sendable, Hashable {
    /// So many times the provider's own clock.
    case times(Double)
    /// As fast as the client takes it.
    case maximum
}

/// What is replayed, and how.
package struct ReplayConfiguration: Sendable {
    /// NDJSON, plain or gzip. Several are merged by the provider's clock into one feed.
    package var files: [String]
    package var dialect: ReplayDialect
    package var speed = ReplaySpeed.maximum
    /// What happened before is sent at once.
    package var start: Timestamp?
    /// A longer silence of the recording is cut to this (recording's time).
    package var longestSilence: Duration?
    package var host = "127.0.0.1"
    /// 0 takes a free one.
    package var port = 0
    package var heartbeatInterval: Duration = .seconds(5)
    /// Called now and then while lines are sent, and at the end. On the server's thread: be quick.
    package var onProgress: @Sendable (ReplayProgress) -> Void = { _ in }

    package init(files: [String], dialect: ReplayDialect) {
        self.files = files
        self.dialect = dialect
    }
}

/// How far a replay is.
package struct ReplayProgress: Sendable, Hashable {
    package var sentLines = 0
    package var totalLines = 0
    /// The provider's clock at the last line sent.
    package var clock: Timestamp?
    package var connections = 0
    package var isComplete: Bool { sentLines == totalLines }

    package init() {}
}

/// Plays the provider of a recording: serves its lines, one a text frame, over a local WebSocket.
///
/// One client is served; a new connection takes over from the one before, from where it says it stands, or from the
/// beginning. After the last line the connection stays open, with the provider's heartbeats, until `stop()`.
package final class RecordingServer: Sendable {
    private let configuration: ReplayConfiguration
    private let logger: Logger
    private let progressNow = Mutex(ReplayProgress())
    private let running = Mutex<Running?>(nil)

    private struct Running: Sendable {
        let group: MultiThreadedEventLoopGroup
        let http: HTTPServer
    }

    package init(_ configuration: ReplayConfiguration, logger: Logger = Logger(label: "touchline.replay")) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Reads the recordings, binds and serves; returns the URL to connect to.
    @discardableResult
    package func start() async throws -> String {
        if case .times(let factor) = configuration.speed, !(0.001...1_000_000).contains(factor) {
            throw SportsbookError.configuration(["the speed must be 0.001 to 1000000, not \(factor)"])
        }
        guard !configuration.files.isEmpty else { throw SportsbookError.configuration(["no recording was given"]) }
        let timeline = ReplayTimeline(
            try configuration.files.map { path in try RecordingFile(path: path) }, dialect: configuration.dialect,
            from: configuration.start, longestSilence: configuration.longestSilence)
        progressNow.withLock { $0.totalLines = timeline.lines.count }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let configuration = configuration
        let stage = try await loop.submit {
            let stage = ReplayStage(timeline, configuration, loop: loop) { [weak self] in self?.note($0) }
            return NIOLoopBound(stage, eventLoop: loop)
        }.get()
        var server = HTTPServerConfiguration(host: configuration.host, port: configuration.port)
        server.webSocket.highWatermarkBytes = 8 * SendLimits.bufferBytes
        server.webSocket.lowWatermarkBytes = 2 * SendLimits.bufferBytes
        server.webSocket.maximumMessageBytes = 1024 * 1024
        server.webSocket.maximumUnwrittenBytes = 64 * 1024 * 1024
        let routes = HTTPRoutes(upgrade: { _ in .accept { _ in stage.value.makeSession() } })
        let http = HTTPServer(configuration: server, routes: routes, group: group, logger: logger)
        do {
            let address = try await http.start()
            running.withLock { $0 = Running(group: group, http: http) }
            return "ws://\(address)/"
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }

    /// How far the replay is.
    package var progress: ReplayProgress { progressNow.withLock { $0 } }

    package func stop() async {
        guard let running = running.withLock({ $0.take() }) else { return }
        await running.http.stop(code: .goingAway, reason: "", grace: .seconds(2))
        try? await running.group.shutdownGracefully()
    }

    private func note(_ progress: ReplayProgress) {
        progressNow.withLock { $0 = progress }
        configuration.onProgress(progress)
    }
}
