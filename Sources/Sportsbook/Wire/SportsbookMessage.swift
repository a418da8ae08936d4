import FeedModel

/// The kinds of data that a client may subscribe to.
package enum FeedStream: String, Sendable, CaseIterable {
    case fixtures, odds, bets
}

/// Which streams a subscription asks for. Each set is a sequence of its own.
package struct StreamSet: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package init(_ stream: FeedStream) { rawValue = 1 << UInt8(FeedStream.allCases.firstIndex(of: stream) ?? 0) }

    package static let all = StreamSet(FeedStream.allCases.map(StreamSet.init))
}

/// One data message, encoded but for its `seq`, which depends on the subscription.
package struct SportsbookMessage: Sendable, Hashable {
    package let stream: FeedStream
    /// `{"type":"…",` and everything after where the `seq` goes.
    let head: [UInt8]
    let tail: [UInt8]

    /// The message with its number.
    package func bytes(sequence: Int64) -> [UInt8] { joined("\"seq\":\(sequence),") }

    /// The message as part of a snapshot: without a number.
    package var snapshotBytes: [UInt8] { joined("\"snapshot\":true,") }

    private func joined(_ middle: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(head.count + middle.utf8.count + tail.count)
        bytes.append(contentsOf: head)
        bytes.append(contentsOf: middle.utf8)
        bytes.append(contentsOf: tail)
        return bytes
    }
}
