import FeedModel
import NIOCore

/// Every selection's message, encoded once and of one size, in which only `seq`, `timestamp` and `odd_value` are written
/// anew: a message costs one copy and some forty patched bytes.
///
/// The three fields stand at the same places in all messages; they move only when `seq` gets another digit, and then all
/// are encoded again.
struct LoadTemplates {
    private let configuration: LoadConfiguration
    private let size: Int
    /// How many digits of `seq` the messages in `bytes` have room for.
    private var digits = 0
    private var bytes: [UInt8] = []

    /// Where the patched fields stand.
    private static let sequenceOffset = #"{"type":"odds_change","seq":"#.utf8.count
    private static let timeGap = #","timestamp":""#.utf8.count
    private static let oddGap = #"","odd_value":""#.utf8.count

    init(_ configuration: LoadConfiguration) {
        self.configuration = configuration
        size = configuration.messageBytes
    }

    private var timeOffset: Int { Self.sequenceOffset + digits + Self.timeGap }
    private var oddOffset: Int { timeOffset + TimestampText.count + Self.oddGap }

    /// Writes `count` messages from `sequence` on, as single frames or arrays of `perFrame`.
    mutating func write(
        _ count: Int, from sequence: Int64, perFrame: Int, at time: (Int64) -> Timestamp, to buffer: inout ByteBuffer
    ) {
        var done = 0
        while done < count {
            let first = sequence + Int64(done)
            prepare(digits: Self.digitCount(first))
            // A frame's messages share a number of digits, so that one frame's layout is one multiplication.
            let untilLonger = Self.power(digits) - first
            let room = min(Int64(count - done), untilLonger)
            if perFrame > 1, room > 1 {
                let frame = Int(min(room, Int64(perFrame)))
                writeRun(frame, from: first, isArray: true, at: time(first), to: &buffer)
                done += frame
            } else {
                writeRun(Int(room), from: first, isArray: false, at: time(first), to: &buffer)
                done += Int(room)
            }
        }
    }

    /// Messages with the same number of digits: one array frame, or a frame each.
    private func writeRun(
        _ count: Int, from sequence: Int64, isArray: Bool, at time: Timestamp, to buffer: inout ByteBuffer
    ) {
        let payload = isArray ? count * size + count + 1 : size
        let capacity = isArray ? payload + FrameHeader.longest : count * (size + FrameHeader.longest)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { target in
            guard let start = target.baseAddress else { return 0 }
            var patch = MessagePatch(sequence: sequence, digits: digits, time: time)
            var output = start
            if isArray { output = FrameHeader.write(payload, to: output) }
            bytes.withUnsafeBytes { templates in
                guard let base = templates.baseAddress else { return }
                var template = Int(sequence % Int64(configuration.selections))
                for index in 0..<count {
                    if isArray {
                        output.storeBytes(of: UInt8(ascii: index == 0 ? "[" : ","), as: UInt8.self)
                        output += 1
                    } else {
                        output = FrameHeader.write(size, to: output)
                    }
                    output.copyMemory(from: base + template * size, byteCount: size)
                    patch.apply(to: output, sequenceAt: Self.sequenceOffset, timeAt: timeOffset, oddAt: oddOffset)
                    output += size
                    template += 1
                    if template == configuration.selections { template = 0 }
                }
            }
            if isArray {
                output.storeBytes(of: UInt8(ascii: "]"), as: UInt8.self)
                output += 1
            }
            return output - start
        }
    }

    private mutating func prepare(digits: Int) {
        guard digits != self.digits else { return }
        self.digits = digits
        bytes.removeAll(keepingCapacity: true)
        bytes.reserveCapacity(size * configuration.selections)
        for template in 0..<configuration.selections { encode(template) }
    }

    private mutating func encode(_ template: Int) {
        let selection = configuration.selection(ofTemplate: template)
        var json = JSONWriter(reserving: size)
        json.raw(#"{"type":"odds_change","seq":"#)
        json.raw(String(repeating: "0", count: digits))
        json.raw(#","timestamp":"2026-01-01T00:00:00.000Z","odd_value":"0.0000","fixture_id":"#)
        json.string(configuration.fixtureID(ofTemplate: template))
        json.raw(#","market_type":"#)
        json.string(selection.market)
        if let line = selection.line {
            json.raw(#","line":"#)
            json.decimal(line)
        }
        json.raw(#","option_id":"#)
        json.string(selection.option)
        json.raw(#","status":"open","bookmaker":"demobook","trace":""#)
        var generator = SeededGenerator(seed: UInt64(template))
        let hexadecimal = Array("0123456789abcdef".utf8)
        while json.bytes.count < size - 2 { json.byte(hexadecimal[generator.index(below: 16)]) }
        json.raw(#""}"#)
        bytes.append(contentsOf: json.bytes)
    }

    static func digitCount(_ value: Int64) -> Int {
        var count = 1
        var rest = value / 10
        while rest > 0 {
            count += 1
            rest /= 10
        }
        return count
    }

    /// The lowest number with more digits than this.
    private static func power(_ digits: Int) -> Int64 {
        digits >= 19 ? .max : (0..<digits).reduce(Int64(1)) { value, _ in value * 10 }
    }
}

/// The bytes that differ from message to message, moved on by counting instead of dividing.
private struct MessagePatch {
    private var sequence: InlineArray<20, UInt8>
    private let digits: Int
    private let time: TimestampText
    private var odd: Int64

    init(sequence: Int64, digits: Int, time: Timestamp) {
        self.sequence = InlineArray(repeating: UInt8(ascii: "0"))
        self.digits = digits
        self.time = TimestampText(time)
        odd = LoadConfiguration.scaledOdd(sequence)
        var rest = sequence
        for index in stride(from: digits - 1, through: 0, by: -1) {
            self.sequence[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }

    /// Writes the fields into the message at `message` and moves on to the next number.
    @inline(__always)
    mutating func apply(to message: UnsafeMutableRawPointer, sequenceAt: Int, timeAt: Int, oddAt: Int) {
        withUnsafeBytes(of: sequence) { source in
            if let base = source.baseAddress { (message + sequenceAt).copyMemory(from: base, byteCount: digits) }
        }
        time.withDigits { source in
            guard let base = source.baseAddress else { return }
            (message + timeAt).copyMemory(from: base, byteCount: TimestampText.count)
        }
        let value = UInt32(truncatingIfNeeded: odd)
        let (high, low) = (value / 100 % 100, value % 100)
        let target = message + oddAt
        target.storeBytes(of: UInt8(truncatingIfNeeded: value / 10_000) + 48, as: UInt8.self)
        target.storeBytes(of: UInt8(truncatingIfNeeded: high / 10) + 48, toByteOffset: 2, as: UInt8.self)
        target.storeBytes(of: UInt8(truncatingIfNeeded: high % 10) + 48, toByteOffset: 3, as: UInt8.self)
        target.storeBytes(of: UInt8(truncatingIfNeeded: low / 10) + 48, toByteOffset: 4, as: UInt8.self)
        target.storeBytes(of: UInt8(truncatingIfNeeded: low % 10) + 48, toByteOffset: 5, as: UInt8.self)
        advance()
    }

    @inline(__always)
    private mutating func advance() {
        odd += LoadConfiguration.oddStep
        if odd >= LoadConfiguration.oddBase + LoadConfiguration.oddSpan { odd -= LoadConfiguration.oddSpan }
        var index = digits - 1
        while index >= 0 {
            if sequence[index] != UInt8(ascii: "9") {
                sequence[index] += 1
                return
            }
            sequence[index] = UInt8(ascii: "0")
            index -= 1
        }
    }
}

/// The header of an unmasked text frame.
enum FrameHeader {
    static let longest = 10

    /// Returns where the payload goes.
    @inline(__always)
    static func write(_ count: Int, to output: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        output.storeBytes(of: 0x81, as: UInt8.self)
        switch count {
        case ..<126:
            output.storeBytes(of: UInt8(count), toByteOffset: 1, as: UInt8.self)
            return output + 2
        case ..<65_536:
            output.storeBytes(of: 126, toByteOffset: 1, as: UInt8.self)
            output.storeBytes(of: UInt16(count).bigEndian, toByteOffset: 2, as: UInt16.self)
            return output + 4
        default:
            output.storeBytes(of: 127, toByteOffset: 1, as: UInt8.self)
            output.storeBytes(of: UInt64(count).bigEndian, toByteOffset: 2, as: UInt64.self)
            return output + 10
        }
    }
}
