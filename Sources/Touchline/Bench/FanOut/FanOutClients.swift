import FeedModel
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Telemetry

/// What all clients of a fan-out run have received.
final class FanOutTally: Sendable {
    let deliveries = Atomic<Int>(0)
    let bytes = Atomic<Int>(0)
    let snapshots = Atomic<Int>(0)
    /// Of the snapshots, those that took up where the client had been.
    let resumed = Atomic<Int>(0)
    /// Connections that were refused or broke off before they had a snapshot.
    let failed = Atomic<Int>(0)
    /// Clients come back when their connection ends, as long as this is set.
    let comesBack = Atomic<Bool>(false)
    let closed = Atomic<Int>(0)
    /// Milliseconds from the publisher to the client, by how often.
    private let delays = Mutex([Int](repeating: 0, count: 10_001))

    func note(delays noted: [Int]) {
        delays.withLock { delays in
            for delay in noted { delays[min(max(delay, 0), 10_000)] += 1 }
        }
    }

    func forgetDelays() { delays.withLock { $0 = [Int](repeating: 0, count: 10_001) } }

    /// The delay that a share of the deliveries did not exceed, in milliseconds.
    func delay(of share: Double) -> Int {
        delays.withLock { delays in
            var left = Int((Double(delays.reduce(0, +)) * share).rounded(.up))
            for (delay, count) in delays.enumerated() {
                left -= count
                if count > 0, left <= 0 { return delay }
            }
            return 0
        }
    }
}

/// Many subscribers on one event loop that do as little as they can: they count deltas and look at their time.
struct FanOutClients {
    let tally = FanOutTally()
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private var channels: [any Channel] = []

    /// Tries to subscribe until the server lets somebody in.
    func waitUntilServed(port: Int, by stage: StageProcess) async throws {
        for _ in 0..<100 {
            try stage.requireAlive()
            let tally = FanOutTally()
            let channel = try? await connect(to: port, tally)
            try await Task.sleep(for: .milliseconds(200))
            try? await channel?.close()
            if tally.snapshots.load(ordering: .relaxed) > 0 { return }
        }
        throw CommandFailure(description: "the broadcaster let nobody in within 20 s: \(stage.complaint)")
    }

    private func connect(to port: Int, _ tally: FanOutTally) async throws -> any Channel {
        try await ClientBootstrap(group: group)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65_536))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FanOutClient(tally, port: port, resume: nil))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    /// From now on clients come back when their connection ends, where they have been.
    func comeBack() {
        tally.snapshots.store(0, ordering: .relaxed)
        tally.comesBack.store(true, ordering: .relaxed)
    }

    /// Waits until so many have been told that they have everything; returns how long that took.
    func untilBack(_ count: Int, since began: ContinuousClock.Instant) async throws -> Duration {
        while tally.snapshots.load(ordering: .relaxed) < count {
            guard ContinuousClock.now - began < .seconds(120) else {
                throw CommandFailure(
                    description: "\(tally.snapshots.load(ordering: .relaxed)) of \(count) clients are back after 120 s")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        return ContinuousClock.now - began
    }

    /// Connects and subscribes so many, and waits for their snapshots.
    mutating func connect(_ count: Int, port: Int, stage: StageProcess) async throws {
        for number in 0..<count {
            channels.append(try await connect(to: port, tally))
            // The server takes 500 a second.
            if number % 20 == 19 { try await Task.sleep(for: .milliseconds(50)) }
            try stage.requireAlive()
        }
        for _ in 0..<600 where tally.snapshots.load(ordering: .relaxed) < count {
            try await Task.sleep(for: .milliseconds(50))
        }
        let ready = tally.snapshots.load(ordering: .relaxed)
        guard ready == count else {
            throw CommandFailure(description: "\(ready) of \(count) clients got a snapshot: \(stage.complaint)")
        }
    }

    /// From now on these read nothing.
    func stall(_ count: Int) async throws {
        for channel in channels.prefix(count) { try await channel.setOption(.autoRead, value: false).get() }
    }

    func close() async {
        tally.comesBack.store(false, ordering: .relaxed)
        try? await group.shutdownGracefully()
    }
}

/// One subscriber. Bound to its event loop.
private final class FanOutClient: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let tally: FanOutTally
    private let port: Int
    /// Where this client is, in the server's words.
    private var cursor: String?
    private var hasSnapshot = false
    private var rest = ByteBuffer()
    private var isUpgraded = false
    private var delays: [Int] = []

    private static let upgrade = """
        GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
        """
    private static let subscription = #"{"t":"sub","id":1,"ch":"odds","f":{}"#
    private static let delta = Array(#"{"t":"d""#.utf8)
    private static let snapshotEnd = Array(#"{"t":"snap_end""#.utf8)
    /// A delta ends with the source time of its last row: 13 digits and three brackets.
    private static let timeOffset = 16

    init(_ tally: FanOutTally, port: Int, resume: String?) {
        self.tally = tally
        self.port = port
        cursor = resume
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: Self.upgrade)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        if rest.readableBytes > 0 {
            rest.writeBuffer(&buffer)
            swap(&rest, &buffer)
        }
        if !isUpgraded, !upgrade(&buffer, context) { return rest = buffer }
        read(&buffer)
        rest = buffer.readableBytes > 0 ? buffer : ByteBuffer()
    }

    private func upgrade(_ buffer: inout ByteBuffer, _ context: ChannelHandlerContext) -> Bool {
        guard let end = buffer.readableBytesView.firstRange(of: Array("\r\n\r\n".utf8)) else { return false }
        guard buffer.readableBytesView.starts(with: Array("HTTP/1.1 101 ".utf8)) else {
            context.close(promise: nil)
            return false
        }
        buffer.moveReaderIndex(to: end.upperBound)
        isUpgraded = true
        let command = Self.subscription + (cursor.map { #","resume":"\#($0)""# } ?? "") + "}"
        // A text frame with an empty mask; its length in the shortest form.
        let length = command.utf8.count
        var frame = ByteBuffer(bytes: [0x81, 0x80 | UInt8(min(length, 126))])
        if length > 125 { frame.writeInteger(UInt16(length)) }
        frame.writeInteger(UInt32(0))
        frame.writeString(command)
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        return true
    }

    private func read(_ buffer: inout ByteBuffer) {
        let now = WallClock.now.milliseconds
        var (count, bytes) = (0, 0)
        while let payload = Self.payload(&buffer) {
            payload.withUnsafeReadableBytes { payload in
                if payload.starts(with: Self.delta) {
                    count += 1
                    bytes += payload.count
                    delays.append(Int(now - Self.time(payload)))
                } else if payload.starts(with: Self.snapshotEnd) {
                    noteSnapshot(payload)
                }
            }
        }
        guard count > 0 else { return }
        tally.deliveries.add(count, ordering: .relaxed)
        tally.bytes.add(bytes, ordering: .relaxed)
        tally.note(delays: delays)
        delays.removeAll(keepingCapacity: true)
    }

    private func noteSnapshot(_ payload: UnsafeRawBufferPointer) {
        hasSnapshot = true
        let text = String(decoding: payload, as: UTF8.self)
        if let start = text.range(of: #""cur":""#), let end = text[start.upperBound...].firstIndex(of: "\"") {
            cursor = String(text[start.upperBound..<end])
        }
        if text.contains(#""resumed":true"#) { tally.resumed.add(1, ordering: .relaxed) }
        tally.snapshots.add(1, ordering: .relaxed)
    }

    private static func time(_ payload: UnsafeRawBufferPointer) -> Int64 {
        payload.suffix(timeOffset).prefix(13).reduce(0) { $0 * 10 + Int64($1 &- 48) }
    }

    /// The next whole frame's payload (RFC 6455 section 5.2).
    private static func payload(_ buffer: inout ByteBuffer) -> ByteBuffer? {
        let start = buffer.readerIndex
        guard let short = buffer.getInteger(at: start + 1, as: UInt8.self) else { return nil }
        let (length, header): (Int?, Int) =
            switch short {
            case 127: (buffer.getInteger(at: start + 2, as: UInt64.self).map { Int($0) }, 10)
            case 126: (buffer.getInteger(at: start + 2, as: UInt16.self).map { Int($0) }, 4)
            default: (Int(short), 2)
            }
        guard let length, buffer.readableBytes >= header + length else { return nil }
        buffer.moveReaderIndex(forwardBy: header)
        return buffer.readSlice(length: length)
    }

    func channelInactive(context: ChannelHandlerContext) {
        tally.closed.add(1, ordering: .relaxed)
        if !hasSnapshot { tally.failed.add(1, ordering: .relaxed) }
        FanOutReturn(tally: tally, port: port, cursor: cursor, loop: context.eventLoop).begin()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// A client on its way back: connects again and again, a random part of a second apart, until somebody answers.
private struct FanOutReturn: Sendable {
    let tally: FanOutTally
    let port: Int
    let cursor: String?
    let loop: any EventLoop

    func begin() {
        guard tally.comesBack.load(ordering: .relaxed) else { return }
        loop.scheduleTask(in: .milliseconds(.random(in: 100...1_000))) { connect() }
    }

    private func connect() {
        ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FanOutClient(tally, port: port, resume: cursor))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .whenFailure { _ in begin() }
    }
}
