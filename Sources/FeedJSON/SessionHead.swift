/// What the session of the sportsbook API needs to know of a frame.
package struct SessionHead: Sendable, Equatable {
    package enum Kind: Int, Sendable, CaseIterable {
        /// Fixtures, odds, settlements or bets.
        case data
        case heartbeat, subscribed, snapshotComplete, error
        /// Another type, or none: the decoder says what is wrong with it.
        case unknown
        /// Not an object and not an array of objects.
        case unreadable
    }

    /// Of an array: of its first element that is not data, if there is one.
    package var kind = Kind.unreadable
    /// Lowest and highest `seq` of the frame's messages; 0 without any.
    package var firstSequence: Int64 = 0
    package var lastSequence: Int64 = 0
    /// How many of its messages have a `seq`.
    package var sequenceCount = 0
    /// The kinds of data in it: bit 0 odds and settlements, bit 1 fixtures, bit 2 bets.
    package var dataKinds: UInt8 = 0

    /// What a `seq` may be: small enough that one more and every difference can be computed.
    package static let sequences: ClosedRange<Int64> = 0...(1 << 62)

    package init() {}

    fileprivate mutating func add(_ type: (kind: Kind, data: UInt8), sequence: Int64?, isFirst: Bool) {
        if isFirst || kind == .data { kind = type.kind }
        dataKinds |= type.data
        // What no provider can count to is no sequence: the decoder says so.
        guard let sequence, Self.sequences.contains(sequence) else { return }
        if sequenceCount == 0 || sequence < firstSequence { firstSequence = sequence }
        if sequenceCount == 0 || sequence > lastSequence { lastSequence = sequence }
        sequenceCount += 1
    }
}

/// The sportsbook's part of a scanner: keys and types it looks for.
final class SessionPeek {
    private let peek = JSONPeek(["type", "seq"])
    private let types = JSONKeyTable([
        "odds_change", "fixture_update", "settlement", "bet_placement", "heartbeat", "subscribed", "error",
    ])

    func head(of frame: UnsafeRawBufferPointer) -> SessionHead {
        var head = SessionHead()
        peek.open(frame)
        guard peek.take(UInt8(ascii: "[")) else {
            if peek.look(stoppingAt: 0b11) { head.add(type, sequence: peek.integer(1), isFirst: true) }
            return head
        }
        var isFirst = true
        repeat {
            guard peek.lookAtElement() != .unreadable else { return SessionHead() }
            head.add(type, sequence: peek.integer(1), isFirst: isFirst)
            isFirst = false
        } while peek.take(UInt8(ascii: ","))
        return peek.take(UInt8(ascii: "]")) ? head : SessionHead()
    }

    private var type: (kind: SessionHead.Kind, data: UInt8) {
        guard let type = peek.string(0) else { return (.unknown, 0) }
        switch types.index(of: type) {
        case 0, 2: return (.data, 1)
        case 1: return (.data, 2)
        case 3: return (.data, 4)
        case 4: return (.heartbeat, 0)
        case 5: return (.subscribed, 0)
        case 6: return (.error, 0)
        default: return (type.elementsEqual("snapshot_complete".utf8) ? .snapshotComplete : .unknown, 0)
        }
    }
}

extension JSONScanner {
    /// Type and `seq` of a sportsbook frame: a look that stops as soon as both are known, and does not judge the rest.
    /// `slack` bytes behind `frame` have to be readable.
    package func session(_ frame: UnsafeRawBufferPointer) -> SessionHead { sessionPeek.head(of: frame) }

    /// A true or false of the frame's object; nil if it has none under that key. For the rare frame: it allocates.
    package func flag(_ key: String, of frame: UnsafeRawBufferPointer) -> Bool? {
        let peek = JSONPeek([key])
        peek.open(frame)
        return peek.look(stoppingAt: 1) ? peek.flag(0) : nil
    }

    /// An integer of the frame's object; nil if it has none under that key. For the rare frame: it allocates.
    package func integer(_ key: String, of frame: UnsafeRawBufferPointer) -> Int64? {
        let peek = JSONPeek([key])
        peek.open(frame)
        return peek.look(stoppingAt: 1) ? peek.integer(0) : nil
    }
}
