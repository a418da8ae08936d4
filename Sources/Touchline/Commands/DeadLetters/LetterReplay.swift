import FeedModel
import Foundation
import Processor

/// One run of `dlq replay`: sends letters at a rate, watches what becomes of them, and says what did not land.
struct LetterReplay {
    let table: LetterTable
    let outbox: LetterOutbox
    /// A second.
    let rate: Int
    /// How long to wait without progress.
    let patience: Duration

    /// Sent, and not known to have ended; by id.
    private var waiting: [Int64: StoredLetter] = [:]
    private var waitingBytes = 0
    private var sent = 0
    private var landed = 0
    /// What did not land, by why.
    private var failures: [String: [Int64]] = [:]
    private var progressAt = ContinuousClock.now
    private var lookedAt = ContinuousClock.now
    private var printedAt = ContinuousClock.now
    private var ownersAsked: Set<String> = []

    init(table: LetterTable, outbox: LetterOutbox, rate: Int, patience: Duration) {
        self.table = table
        self.outbox = outbox
        self.rate = rate
        self.patience = patience
    }

    /// Requests lie in Redis' memory: no more than these are under way.
    private static let mostWaiting = 5_000
    private static let mostWaitingBytes = 32 << 20
    private static let beat = Duration.milliseconds(100)
    private static let look = Duration.milliseconds(500)

    /// Remembers a letter that is not sent.
    mutating func note(_ id: Int64, _ why: String) { failures[why, default: []].append(id) }

    mutating func run(_ ids: [Int64]) async throws {
        let total = ids.count
        var rest = ids[...]
        var next = ContinuousClock.now
        progressAt = .now
        while !rest.isEmpty || !waiting.isEmpty {
            let room = min(max(1, rate / 10), Self.mostWaiting - waiting.count, rest.count)
            if room > 0, waitingBytes < Self.mostWaitingBytes {
                try await send(Array(rest.prefix(room)))
                rest = rest.dropFirst(room)
                next += .seconds(Double(room) / Double(rate))
            }
            try await lookIfDue()
            show(total)
            guard ContinuousClock.now - progressAt < patience else { break }
            // Late by more than a beat, nothing is made up for: the rate is a limit.
            next = max(next, .now - Self.beat)
            try await Task.sleep(until: max(next, rest.isEmpty ? .now + Self.beat : next), clock: .continuous)
        }
        for id in rest { note(id, "not sent: too many others are still under way") }
    }

    // MARK: Sending

    private mutating func send(_ ids: [Int64]) async throws {
        let letters = try await table.letters(ids)
        var ready: [StoredLetter] = []
        for letter in letters {
            if let why = Self.objection(letter) { note(letter.id, why) } else { ready.append(letter) }
        }
        for feed in Set(ready.map(\.feed)) where ownersAsked.insert(feed).inserted {
            if try await !outbox.hasOwner(feed) { printError(try await outbox.obstacle(feed)) }
        }
        try await outbox.send(ready)
        sent += ready.count
        for letter in ready {
            waiting[letter.id] = letter
            waitingBytes += letter.payload.count
        }
        if ready.isEmpty { progressAt = .now }
    }

    /// Why a letter cannot be replayed, whatever the rules are now.
    private static func objection(_ letter: StoredLetter) -> String? {
        if !DecoderRegistry.replaysLetters(of: letter.provider) {
            return "messages of \(letter.provider) are changes to what came before them: alone they mean nothing"
        }
        guard let first = letter.payload.first else { return "its payload was not kept" }
        if first == EventsEntryHeader.version || first == EventsEntryHeader.letterVersion {
            return "it holds an entry of events: the provider's message was gone from Redis already"
        }
        return nil
    }

    // MARK: Waiting

    private mutating func lookIfDue() async throws {
        guard ContinuousClock.now - lookedAt > Self.look, !waiting.isEmpty else { return }
        let states = try await table.states(Array(waiting.keys))
        lookedAt = .now
        for letter in Array(waiting.values) {
            guard let now = states[letter.id] else {
                settle(letter, "it is no longer in the table")
                continue
            }
            if now.state == "replayed" {
                settle(letter, nil)
            } else if now.deliveries > letter.deliveries {
                settle(letter, "refused again: \(now.detail.printable)")
            } else if now.state != letter.state {
                settle(letter, "it was \(now.state) meanwhile")
            }
        }
    }

    private mutating func settle(_ letter: StoredLetter, _ why: String?) {
        waiting[letter.id] = nil
        waitingBytes -= letter.payload.count
        progressAt = .now
        if let why { note(letter.id, why) } else { landed += 1 }
    }

    // MARK: Words

    private mutating func show(_ total: Int) {
        guard ContinuousClock.now - printedAt > .seconds(2) else { return }
        printedAt = .now
        printError(
            "sent \(sent) of \(total), replayed \(landed), not replayed \(failures.values.reduce(0) { $0 + $1.count })")
    }

    /// Says what became of everything; throws if anything did not land.
    mutating func report() async throws {
        var obstacles: [String: String] = [:]
        for letter in waiting.values.sorted(by: { $0.id < $1.id }) {
            let why: String
            if let known = obstacles[letter.feed] { why = known } else { why = try await outbox.obstacle(letter.feed) }
            obstacles[letter.feed] = why
            note(letter.id, why)
        }
        print("\(landed) letters replayed")
        guard !failures.isEmpty else { return }
        for (why, ids) in failures.sorted(by: { ($0.value.count, $0.key) > ($1.value.count, $1.key) }) {
            let some = ids.prefix(5).map { "#\($0)" }.joined(separator: " ")
            print("\(ids.count) not replayed: \(why) (\(some)\(ids.count > 5 ? " …" : ""))")
        }
        let count = failures.values.reduce(0) { $0 + $1.count }
        throw CommandFailure(description: "\(count) letters were not replayed")
    }
}
