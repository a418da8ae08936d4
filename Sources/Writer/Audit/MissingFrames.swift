package import FeedModel

/// Frames of a feed that were never written, for people who look for them.
package struct MissingFrames: Sendable, Equatable, CustomStringConvertible {
    package let first: FrameNumber
    package let last: FrameNumber
    /// When the entries around them were received; nil if there is none.
    package let after: Timestamp?
    package let before: Timestamp?

    package init(first: FrameNumber, last: FrameNumber, after: Timestamp?, before: Timestamp?) {
        self.first = first
        self.last = last
        self.after = after
        self.before = before
    }

    package var description: String {
        let what = first == last ? "frame \(first) is" : "frames \(first) to \(last) are"
        return "\(what) missing\(time)"
    }

    private var time: String {
        switch (after, before) {
        case (let after?, let before?): ", received between \(after) and \(before)"
        case (let after?, nil): ", received after \(after)"
        case (nil, let before?): ", received before \(before)"
        case (nil, nil): ""
        }
    }

    /// Reads an answer of `AuditQuery`: `first,last,after,before;…`, times in microseconds since 1970 or empty.
    static func list(_ text: String) -> [MissingFrames] {
        text.split(separator: ";").compactMap { range in
            let words = range.split(separator: ",", omittingEmptySubsequences: false).map { Int64($0) }
            guard words.count == 4, let first = words[0], let last = words[1] else { return nil }
            return MissingFrames(
                first: first, last: last, after: words[2].map { Timestamp(microseconds: $0) },
                before: words[3].map { Timestamp(microseconds: $0) })
        }
    }
}
