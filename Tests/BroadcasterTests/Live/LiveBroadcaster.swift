import AccessTokens
import DevServices
import FeedModel
import Foundation
import Logging
import NIOCore
import NIOPosix
import RedisStreams
import ServiceLifecycle
import Synchronization
import Telemetry
import TestSupport
import WebSocketTransport

@testable import Broadcaster

/// A feed of its own on the tests' Redis, without a pipeline behind it.
struct LiveFeed {
    let feed: FeedName
    let redis: RedisConnection
    let names: StreamNames
    private let endpoint: RedisEndpoint

    static func with(_ body: (LiveFeed) async throws -> Void) async throws {
        guard let feed = FeedName("book-a") else { return }
        let endpoint = try RedisEndpoint(url: try await TestServers.redis().url)
        let names = StreamNames(prefix: RandomName.next(), feed: feed)
        let redis = RedisConnection(endpoint: endpoint, name: "test")
        try await redis.connect()
        _ = try await redis.createGroup(stream: names.events, group: "writer", at: .zero)
        try await body(LiveFeed(feed: feed, redis: redis, names: names, endpoint: endpoint))
        try await redis.delete([names.events, names.checkpoint, names.raw, names.dead, names.processorOwner])
        await redis.close()
    }

    /// Appends what a script wrote.
    func append(_ payload: [UInt8]) async throws {
        let id = StreamID(UInt64(try EventsEntryHeader(decoding: payload).first))
        _ = try await redis.append(to: names.events, [StreamEntry(id: id, payload: payload)])
    }

    /// Puts something into the stream that is no entry.
    func append(junk fields: [String], behind last: FrameNumber) async throws {
        let arguments = ["XADD", names.events, "\(last)-1"] + fields
        _ = try await redis.command(arguments.map { RedisArgument($0) })
    }

    /// Runs a Broadcaster of the feed for as long as `body` takes, once it lets subscribers in.
    ///
    /// - Parameter authority: signed the certificate, where there is one.
    func serve(
        port: Int = 0, _ change: (inout BroadcasterConfiguration) throws -> Void = { _ in }, authority: String? = nil,
        body: (LiveBroadcaster) async throws -> Void
    ) async throws {
        var configuration = BroadcasterConfiguration(
            redis: endpoint, prefix: names.prefix, feeds: [feed], port: port, ownerName: "test")
        configuration.drain = .zero
        configuration.eventLoops = 1
        try change(&configuration)
        try await LiveBroadcaster.run(configuration) { address, group in
            let broadcaster = LiveBroadcaster(address: address, feed: self, group: group)
            try await broadcaster.untilReady(authority)
            try await body(broadcaster)
        }
    }
}

/// A Broadcaster with its port.
struct LiveBroadcaster {
    let address: ListeningAddress
    let feed: LiveFeed
    fileprivate let group: ServiceGroup

    /// Asks it to stop, as SIGTERM does.
    func stop() async { await group.triggerGracefulShutdown() }

    /// Runs one of a new feed for as long as `body` takes.
    static func with(
        _ change: (inout BroadcasterConfiguration) throws -> Void = { _ in }, authority: String? = nil,
        body: (LiveBroadcaster) async throws -> Void
    ) async throws {
        try await LiveFeed.with { try await $0.serve(change, authority: authority, body: body) }
    }

    fileprivate static func run(
        _ configuration: BroadcasterConfiguration, body: (ListeningAddress, ServiceGroup) async throws -> Void
    ) async throws {
        let (addresses, continuation) = AsyncStream.makeStream(of: ListeningAddress.self)
        let service = BroadcasterService(
            configuration: configuration, health: HealthRegistry(),
            logger: .silent, onListening: { continuation.yield($0) })
        let group = ServiceGroup(services: [service], logger: .silent)
        let running = Task {
            defer { continuation.finish() }
            try await group.run()
        }
        defer { running.cancel() }
        var iterator = addresses.makeAsyncIterator()
        guard let address = await iterator.next() else { return try await running.value }
        do { try await body(address, group) } catch {
            running.cancel()
            _ = await running.result
            throw error
        }
        running.cancel()
        _ = await running.result
    }

    /// An upgrade without credentials is let in to authenticate, once anybody is let in.
    fileprivate func untilReady(_ authority: String?) async throws {
        while true {
            do {
                let connection = try await connect {
                    guard let authority else { return }
                    $0.url = "wss://\(address)/v1/ws"
                    $0.tls.additionalAuthorityFile = authority
                }
                return await connection.close()
            } catch WebSocketError.refused(status: 503, retryAfter: _, body: _) {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    // MARK: Clients

    func get(
        _ target: String, _ headers: [HTTPHeader] = [], scheme: String = "http",
        _ change: (inout HTTPExchange) -> Void = { _ in }
    ) async throws -> HTTPExchange.Answer {
        var exchange = HTTPExchange(url: "\(scheme)://\(address)\(target)")
        exchange.method = "GET"
        exchange.headers = headers
        change(&exchange)
        return try await exchange.perform(group: MultiThreadedEventLoopGroup.singleton)
    }

    func connect(
        _ target: String = "/v1/ws", _ change: (inout WebSocketClientConfiguration) -> Void = { _ in }
    ) async throws -> WebSocketConnection {
        var configuration = WebSocketClientConfiguration(url: "ws://\(address)\(target)")
        change(&configuration)
        return try await WebSocketConnection.connect(configuration)
    }

    /// Writes bytes and reads until the server closes, or `isEnough`.
    func exchange(
        _ parts: [[UInt8]], pause: Duration = .zero,
        until isEnough: @escaping @Sendable ([UInt8]) -> Bool = { _ in false }
    ) async throws -> [UInt8] {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            let writing = Task {
                for part in parts {
                    // The server may have hung up: that is for the reader to tell.
                    try? await outbound.write(ByteBuffer(bytes: part))
                    try await Task.sleep(for: pause)
                }
            }
            defer { writing.cancel() }
            var received: [UInt8] = []
            do {
                for try await part in inbound {
                    received += part.readableBytesView
                    if isEnough(received) { break }
                }
            } catch is IOError {
                // A reset is one way to hang up.
            }
            return received
        }
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

extension WebSocketConnection {
    /// Takes messages until one is `type`; nil when the connection ended before.
    func message(_ type: String) async throws -> [String: Any]? {
        while let batch = try await next() {
            var found: [String: Any]?
            batch.forEachMessage { bytes, _ in
                let object = (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any]
                if found == nil, object?["t"] as? String == type { found = object }
            }
            if let found { return found }
        }
        return nil
    }

    /// Takes what comes until the end; the code it ended with.
    func ended() async throws -> CloseCode? {
        while try await next() != nil {}
        return closeReason?.code
    }
}

extension HTTPHeader {
    init(_ name: String, _ value: String) { self.init(name: name, value: value) }
}

extension HTTPExchange.Answer {
    /// The code of the error in the body.
    var errorCode: String? {
        let object = (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: [String: String]]
        return object?["error"]?["code"]
    }

    var text: String { String(decoding: body, as: UTF8.self) }
}
