import FeedModel
import NIOCore

/// How far any session of a load has come. Bound to the server's event loop.
final class LoadMark {
    /// The highest number that was sent; 0 before the first.
    var last: Int64 = 0
}

/// One session's view of the load: every number is always there; a rate only says from when it may be sent. Bound to the
/// server's event loop.
final class LoadSource: MessageSource {
    private let configuration: LoadConfiguration
    private let mark: LoadMark
    private let now: () -> Timestamp
    private var templates: LoadTemplates
    /// What may be sent so far.
    private var limit: Int64
    private var pacer: Pacer?

    init(_ configuration: LoadConfiguration, mark: LoadMark, now: @escaping () -> Timestamp) {
        self.configuration = configuration
        self.mark = mark
        self.now = now
        templates = LoadTemplates(configuration)
        limit = 1
    }

    private var end: Int64 { configuration.total.map { $0 + 1 } ?? .max }

    func open(from first: Int64, on loop: any EventLoop, onDue: @escaping () -> Void) {
        close()
        guard let rate = configuration.rate else {
            limit = end
            return
        }
        limit = min(first, end)
        let pacer = Pacer(rate: rate, interval: .nanoseconds(configuration.tick.microseconds * 1_000))
        self.pacer = pacer
        pacer.start(on: loop) { [weak self] count in
            guard let self else { return }
            limit = min(limit + Int64(count), end)
            onDue()
        }
    }

    func close() {
        pacer?.stop()
        pacer = nil
    }

    var oldest: Int64 { 1 }
    var next: Int64 { limit }
    var first: Int64 { configuration.goesOn ? mark.last + 1 : 1 }
    /// Any number can be made again; only one that cannot be counted on from is refused.
    func canResume(after sequence: Int64) -> Bool { (0..<Int64.max / 2).contains(sequence) }
    func produce() -> Bool { false }

    func snapshot() -> [[UInt8]] {
        guard configuration.announcesFixtures else { return [] }
        let time = now()
        return (0..<configuration.fixtures).map { fixture in
            var json = JSONWriter()
            json.raw(#"{"type":"fixture_update","snapshot":true,"timestamp":"#)
            json.time(time)
            json.raw(#","fixture_id":"#)
            json.string(configuration.fixtureID(ofTemplate: fixture))
            json.raw(#","sport_id":"football","sport":"Football","tournament_id":"load","tournament":"Load""#)
            json.raw(#","home_team":"Home \#(fixture)","away_team":"Away \#(fixture)","start_time":"#)
            json.time(time + .seconds(3_600))
            json.raw(#","status":"scheduled"}"#)
            return json.bytes
        }
    }

    func message(_ sequence: Int64) -> [UInt8] {
        var buffer = ByteBuffer()
        templates.write(1, from: sequence, perFrame: 1, at: time, to: &buffer)
        return Array(buffer.readableBytesView.suffix(configuration.messageBytes))
    }

    func write(_ count: Int, from sequence: Int64, perFrame: Int, to buffer: inout ByteBuffer) -> Int {
        let room = max(1, (SendLimits.bufferBytes - buffer.readableBytes) / (configuration.messageBytes + 4))
        let size = min(count, Int(min(next - sequence, Int64(room))))
        guard size > 0 else { return 0 }
        mark.last = max(mark.last, sequence + Int64(size) - 1)
        if case .derived = configuration.times {
            for index in 0..<Int64(size) {
                templates.write(1, from: sequence + index, perFrame: 1, at: time, to: &buffer)
            }
        } else {
            templates.write(size, from: sequence, perFrame: perFrame, at: time, to: &buffer)
        }
        return size
    }

    private func time(_ sequence: Int64) -> Timestamp {
        switch configuration.times {
        case .wall: now()
        case .derived(let start, let step):
            Timestamp(microseconds: start.microseconds + sequence * step.microseconds)
        }
    }
}
