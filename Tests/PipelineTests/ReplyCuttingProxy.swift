import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// Stands before a Redis and hangs up between a write to a stream and its answer: whoever sent it cannot know whether it was done.
final class ReplyCuttingProxy: Sendable {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let channel = Mutex<(any Channel)?>(nil)
    private let budget: CutBudget

    /// - Parameter cuts: how many answers are cut off before everything is passed on.
    init(cuts: Int) { budget = CutBudget(cuts) }

    var cutsLeft: Int { budget.left }

    /// Listens on a free port, which is returned, for a Redis on `port`.
    func start(before port: Int) async throws -> Int {
        let budget = budget
        let listening = try await ServerBootstrap(group: group)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { client in
                let loopBound = NIOLoopBound(Link(budget), eventLoop: client.eventLoop)
                return client.eventLoop.makeCompletedFuture {
                    try client.pipeline.syncOperations.addHandler(Side(loopBound.value, isClient: true))
                }.flatMap {
                    ClientBootstrap(group: client.eventLoop)
                        .channelInitializer { redis in
                            redis.eventLoop.makeCompletedFuture {
                                try redis.pipeline.syncOperations.addHandler(Side(loopBound.value, isClient: false))
                            }
                        }
                        .connect(host: "127.0.0.1", port: port)
                        .flatMap { redis in
                            loopBound.value.client = client
                            loopBound.value.redis = redis
                            return client.setOption(.autoRead, value: true)
                        }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        channel.withLock { $0 = listening }
        return listening.localAddress?.port ?? 0
    }

    func stop() async {
        try? await channel.withLock { $0 }?.close()
        try? await group.shutdownGracefully()
    }
}

private final class CutBudget: Sendable {
    private let remaining: Mutex<Int>

    init(_ cuts: Int) { remaining = Mutex(cuts) }

    var left: Int { remaining.withLock { $0 } }

    /// One in three, as long as there are any.
    func take() -> Bool {
        remaining.withLock { remaining in
            guard remaining > 0, Int.random(in: 0..<3) == 0 else { return false }
            remaining -= 1
            return true
        }
    }
}

/// Both ends of one connection through the proxy. Bound to its event loop.
private final class Link {
    let budget: CutBudget
    var client: (any Channel)?
    var redis: (any Channel)?
    /// The next answer does not arrive.
    var isCutting = false

    init(_ budget: CutBudget) { self.budget = budget }

    func close() {
        client?.close(promise: nil)
        redis?.close(promise: nil)
    }
}

private final class Side: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let link: Link
    private let isClient: Bool
    /// The end of what was read before, in which a command may begin.
    private var tail: [UInt8] = []

    init(_ link: Link, isClient: Bool) {
        self.link = link
        self.isClient = isClient
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        guard isClient else {
            if link.isCutting { return link.close() }
            link.client?.writeAndFlush(bytes, promise: nil)
            return
        }
        let text = Data(tail + Array(bytes.readableBytesView))
        if text.range(of: Data("$4\r\nXADD\r\n".utf8)) != nil, link.budget.take() { link.isCutting = true }
        tail = Array(text.suffix(9))
        link.redis?.writeAndFlush(bytes, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { link.close() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { link.close() }
}
