/// The number of a frame within its feed. It grows for as long as the feed exists and is the entry's stream id.
package typealias FrameNumber = Int64

/// One tenure of a feed's owner: a random nonce. Frame numbers are contiguous within a term. Zero means "none yet".
package struct Term: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Before a feed's first term.
    package static let none = Term(rawValue: 0)

    /// A fresh term; never `.none`.
    package static func random(using generator: inout some RandomNumberGenerator) -> Term {
        Term(rawValue: UInt64.random(in: 1...UInt64.max, using: &generator))
    }

    package var description: String { String(rawValue, radix: 16) }
}

/// Where a message stands in its feed: `frame × 2¹³ + ordinal of the message in its frame`.
///
/// Grows with the feed, fits 63 bits until 2055, and identifies a row together with feed and selection.
package struct Position: RawRepresentable, Sendable, Hashable, Comparable, CustomStringConvertible {
    package let rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package init(frame: FrameNumber, ordinal: Int) {
        rawValue = frame << Self.ordinalBits | Int64(ordinal)
    }

    package static let ordinalBits: Int64 = 13
    /// A frame with more messages than this is refused as `too_large`.
    package static let messagesPerFrame = 1 << 13

    package var frame: FrameNumber { rawValue >> Self.ordinalBits }
    package var ordinal: Int { Int(rawValue & Int64(Self.messagesPerFrame - 1)) }
    package var description: String { "\(frame)/\(ordinal)" }

    package static func < (left: Position, right: Position) -> Bool { left.rawValue < right.rawValue }
}

extension FrameNumber {
    /// 2020-01-01T00:00:00Z, the epoch of frame numbers, in microseconds since 1970.
    private static let epochMicroseconds: Int64 = 1_577_836_800_000_000

    /// The first number of a new term: above everything its predecessor can have sent, and above the clock.
    package static func startOfTerm(after last: FrameNumber, now: Timestamp) -> FrameNumber {
        Swift.max(last + 1 << 20, now.microseconds - epochMicroseconds)
    }
}
