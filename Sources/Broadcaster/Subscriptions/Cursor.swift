import FeedModel

/// Where a subscription stands: for every feed the last frame it has been given, under which filter. Opaque to clients, the
/// same on every instance.
///
/// base64url of, little-endian: `version u8, filter hash u64`, then per feed `hash of its name u64, frame i64`.
struct Cursor: Sendable, Equatable {
    var filterHash: UInt64
    /// By hash of the feed's name, so that instances may know different feeds in a different order.
    var frames: [UInt64: FrameNumber]

    private static let version: UInt8 = 1
    private static let headerBytes = 9
    private static let feedBytes = 16

    init(filterHash: UInt64, frames: [UInt64: FrameNumber]) {
        self.filterHash = filterHash
        self.frames = frames
    }

    var token: String {
        var bytes: [UInt8] = [Self.version]
        bytes.appendLittleEndian(filterHash)
        for (feed, frame) in frames.sorted(by: { $0.key < $1.key }) {
            bytes.appendLittleEndian(feed)
            bytes.appendLittleEndian(frame)
        }
        return Base64URL.encode(bytes)
    }

    /// Nil if it was not made by a Broadcaster.
    init?(token: String) {
        guard token.utf8.count <= 8192, let bytes = Base64URL.decode(token), bytes.first == Self.version,
            bytes.count >= Self.headerBytes, (bytes.count - Self.headerBytes) % Self.feedBytes == 0
        else { return nil }
        func word(at offset: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64($1 * 8) }
        }
        filterHash = word(at: 1)
        frames = [:]
        for offset in stride(from: Self.headerBytes, to: bytes.count, by: Self.feedBytes) {
            let frame = Int64(bitPattern: word(at: offset + 8))
            guard frame >= 0 else { return nil }
            frames[word(at: offset)] = frame
        }
    }
}

/// Base64 with the alphabet of RFC 4648 section 5, without padding.
enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int(bits >> count & 63)])
            }
        }
        if count > 0 { text.append(alphabet[Int(bits << (6 - count) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil if a character is not of the alphabet, or if there are bits left over that are not zero.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for character in text.utf8 {
            guard let value = value(character) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        guard count < 6, bits & (1 << count - 1) == 0 else { return nil }
        return bytes
    }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
