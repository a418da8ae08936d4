import FeedModel

/// What a fixture needs while it moves: chance, time, and where its messages go.
struct SimulationContext {
    var generator: SeededGenerator
    var queue = MessageQueue()
    /// The time that messages carry.
    var now: Timestamp
    /// The time that matches are played by: behind `now` when messages cannot leave fast enough.
    var world: Timestamp
    let speed: Double

    /// A span of match time as it passes in the world.
    func span(matchSeconds: Double) -> Duration { .microseconds(Int64(matchSeconds * 1_000_000 / speed)) }
}

/// First in, first out, without moving what remains.
struct MessageQueue {
    private var messages: [SportsbookMessage?] = []
    private var head = 0

    var count: Int { messages.count - head }

    mutating func append(_ message: SportsbookMessage) { messages.append(message) }

    mutating func removeFirst() -> SportsbookMessage? {
        guard head < messages.count else { return nil }
        let message = messages[head]
        messages[head] = nil
        head += 1
        if head == messages.count {
            removeAll()
        } else if head >= 1_024, head * 2 >= messages.count {
            messages.removeFirst(head)
            head = 0
        }
        return message
    }

    mutating func removeAll() {
        messages.removeAll(keepingCapacity: true)
        head = 0
    }
}
