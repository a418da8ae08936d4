/// The last messages of a subscription by number, bounded in bytes.
struct MessageLog {
    private var messages: [[UInt8]?] = []
    private var head = 0
    private var byteCount = 0
    private let limit: Int
    /// The lowest number that is still here.
    private(set) var oldest: Int64

    /// What an entry costs beside its bytes, roughly.
    private static let overhead = 64

    init(first: Int64, limit: Int) {
        oldest = first
        self.limit = limit
    }

    /// The number that the next message gets.
    var next: Int64 { oldest + Int64(messages.count - head) }

    mutating func append(_ message: [UInt8]) {
        messages.append(message)
        byteCount += message.count + Self.overhead
        while byteCount > limit, messages.count - head > 1 { removeOldest() }
    }

    subscript(sequence: Int64) -> [UInt8] {
        let index = head + Int(sequence - oldest)
        return messages.indices.contains(index) ? messages[index] ?? [] : []
    }

    private mutating func removeOldest() {
        byteCount -= (messages[head]?.count ?? 0) + Self.overhead
        messages[head] = nil
        head += 1
        oldest += 1
        if head >= 4_096, head * 2 >= messages.count {
            messages.removeFirst(head)
            head = 0
        }
    }
}
