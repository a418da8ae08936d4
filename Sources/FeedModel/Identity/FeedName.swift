/// The name of a feed: what its streams, rows, metrics and subscribers call it.
///
/// Matches `[a-z0-9-]{1,40}`, so that it is safe inside a Redis key, a label and a URL without escaping.
package struct FeedName: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let text: String

    /// Nil unless `text` matches `[a-z0-9-]{1,40}`.
    package init?(_ text: String) {
        guard (1...40).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else { return nil }
        self.text = text
    }

    package var description: String { text }

    package static func < (left: FeedName, right: FeedName) -> Bool { left.text < right.text }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
