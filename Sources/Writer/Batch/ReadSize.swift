import RedisStreams

/// How many entries a read asks for. An entry can be as large as a frame, so that counting them is not enough.
///
/// Pure. It starts small, at most doubles from one read to the next, and never asks for more than hold `bytes` if all are as
/// large as the largest of late.
struct ReadSize: Sendable {
    private let most: Int
    private let bytes: Int
    /// The largest entry seen, which counts for less with every read that brings only smaller ones.
    private var largest = 0
    /// What the next read asks for.
    private(set) var entries: Int

    /// What one read should hold, unless it is told otherwise.
    static let usualBytes = 4 << 20

    /// - Parameters:
    ///   - first: few, because nothing is known yet of how large they are.
    ///   - bytes: what one read should hold.
    init(first: Int = 2, most: Int, bytes: Int = ReadSize.usualBytes) {
        self.most = max(1, most)
        self.bytes = bytes
        entries = max(1, min(first, most))
    }

    /// After a read. One that brought nothing tells nothing of what follows.
    mutating func note(_ read: [StreamEntry]) { note(sizes: read.map(\.payload.count)) }

    mutating func note(sizes: [Int]) {
        guard let seen = sizes.max() else { return }
        largest = max(seen, largest - largest / 8)
        entries = max(1, min(most, entries * 2, bytes / max(1, largest)))
    }
}
