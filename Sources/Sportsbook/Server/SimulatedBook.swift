import FeedModel
import NIOCore
import WebSocketTransport

/// The simulated world behind a server: lets it run at its rate and keeps the log of each subscription set. Bound to the
/// server's event loop.
final class SimulatedBook {
    private let configuration: SimulatorConfiguration
    private let retainedBytes: Int
    private let firstSequence: Int64?
    private let now: () -> Timestamp
    private var simulator: Simulator
    private var lanes: [StreamSet: SimulatedLane] = [:]
    private var pacer: Pacer?
    private var loop: (any EventLoop)?
    private var isWaking = false
    /// Whether every session has room for more; asked when the world runs as fast as it is read.
    var mayProduce: () -> Bool = { true }
    /// Called after messages were made that nobody asked for.
    var onProduced: () -> Void = {}

    /// How many messages are made at once when nobody counts the time.
    private static let burst = 64

    init(_ configuration: SimulatorConfiguration, server: SportsbookConfiguration) {
        self.configuration = configuration
        retainedBytes = server.retainedBytes
        firstSequence = server.firstSequence
        now = server.now
        simulator = Simulator(configuration, start: server.now())
    }

    /// Begins to make messages at the configured rate.
    func start(on loop: any EventLoop) {
        self.loop = loop
        guard let rate = configuration.rate else { return }
        let pacer = Pacer(rate: rate, interval: .microseconds(Int64(max(1_000_000 / rate, 2_000))))
        self.pacer = pacer
        pacer.start(on: loop) { [weak self] count in
            guard let self else { return }
            // More than the world can make in a moment is not made: the loop has clients to serve.
            make(min(count, Self.burst * 16))
            onProduced()
        }
    }

    func stop() { pacer?.stop() }

    /// The log of a set of streams, made when first asked for.
    func lane(of streams: StreamSet) -> SimulatedLane {
        if let lane = lanes[streams] { return lane }
        // What is half told must not be told again behind the new lane's snapshot.
        drain()
        let first = firstSequence ?? max(1, now().microseconds - Self.epoch)
        let lane = SimulatedLane(streams, of: self, log: MessageLog(first: first, limit: retainedBytes))
        lanes[streams] = lane
        return lane
    }

    /// Microseconds from 1970 to 2020: keeps numbers below 2⁵³ for long.
    private static let epoch: Int64 = 1_577_836_800_000_000

    fileprivate func produceOnDemand() -> Bool {
        guard configuration.rate == nil, mayProduce() else { return false }
        make(Self.burst)
        wakeOthers()
        return true
    }

    /// Not at once: who asked is in the middle of sending.
    private func wakeOthers() {
        guard let loop, !isWaking else { return }
        isWaking = true
        loop.assumeIsolated().execute { [weak self] in
            self?.isWaking = false
            self?.onProduced()
        }
    }

    fileprivate func snapshot(of streams: StreamSet) -> [[UInt8]] {
        drain()
        return simulator.snapshot(of: streams).map(\.snapshotBytes)
    }

    private func make(_ count: Int) {
        let time = now()
        for _ in 0..<count { deliver(simulator.next(at: time)) }
    }

    private func drain() {
        while !simulator.isSettled { deliver(simulator.next(at: now())) }
    }

    private func deliver(_ message: SportsbookMessage) {
        for lane in lanes.values where lane.streams.contains(StreamSet(message.stream)) { lane.append(message) }
    }
}

/// One subscription set's numbered messages.
final class SimulatedLane: MessageSource {
    fileprivate let streams: StreamSet
    private unowned let book: SimulatedBook
    private var log: MessageLog

    fileprivate init(_ streams: StreamSet, of book: SimulatedBook, log: MessageLog) {
        self.streams = streams
        self.book = book
        self.log = log
    }

    fileprivate func append(_ message: SportsbookMessage) { log.append(message.bytes(sequence: log.next)) }

    var oldest: Int64 { log.oldest }
    var next: Int64 { log.next }
    var first: Int64 { log.next }
    func canResume(after sequence: Int64) -> Bool { sequence >= oldest - 1 && sequence < next }
    /// The book wakes all sessions itself.
    func open(from first: Int64, on loop: any EventLoop, onDue: @escaping () -> Void) {}
    func close() {}
    func produce() -> Bool { book.produceOnDemand() }
    func snapshot() -> [[UInt8]] { book.snapshot(of: streams) }
    func message(_ sequence: Int64) -> [UInt8] { log[sequence] }

    func write(_ count: Int, from sequence: Int64, perFrame: Int, to buffer: inout ByteBuffer) -> Int {
        let end = sequence + min(Int64(count), max(0, next - sequence))
        var cursor = sequence
        while cursor < end, buffer.readableBytes < SendLimits.bufferBytes {
            let frame = min(Int(end - cursor), perFrame)
            Self.appendFrame((0..<frame).map { log[cursor + Int64($0)] }, to: &buffer)
            cursor += Int64(frame)
        }
        return Int(cursor - sequence)
    }

    /// One text frame: a single object, or an array of several.
    static func appendFrame(_ messages: [[UInt8]], to buffer: inout ByteBuffer) {
        if messages.count == 1 {
            messages[0].withUnsafeBytes { WebSocketFrame.appendText($0, to: &buffer) }
        } else {
            array(messages).withUnsafeBytes { WebSocketFrame.appendText($0, to: &buffer) }
        }
    }

    static func array(_ messages: [[UInt8]]) -> [UInt8] {
        var bytes = [UInt8(ascii: "[")]
        for (index, message) in messages.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: message)
        }
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }
}
