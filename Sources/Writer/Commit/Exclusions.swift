import FeedModel
import PostgresCopy

/// A message of a feed: what a refused row is a part of, and what becomes a dead letter as a whole.
struct MessageID: Sendable, Hashable, Comparable {
    let feedID: Int16
    let position: Int64

    static func < (left: MessageID, right: MessageID) -> Bool {
        (left.feedID, left.position) < (right.feedID, right.position)
    }
}

/// Which messages of a batch are written, and which became dead letters instead.
struct Exclusions: Sendable {
    /// The letters of the messages that Postgres refused.
    var letters: [MessageID: DeadLetter] = [:]
    /// The letters of whole entries, by entry number: no partition can take what was received at their time.
    var entries: [Int: DeadLetter] = [:]
    /// While the culprit is looked for: only these messages are tried.
    var only: Set<MessageID>?
    /// What was written when the provider sent it first.
    var repeated = Repetitions()

    var isEmpty: Bool { letters.isEmpty && entries.isEmpty && only == nil && repeated.written.isEmpty }

    /// Whether anything of an entry is still to be written.
    func isWanted(_ entry: BatchEntry, _ number: Int) -> Bool {
        entries[number] == nil && entry.letterID.map { letters[$0.message] == nil } ?? true
    }

    /// Leaves a whole entry out. Of a replayed letter only its message: the entry itself is none of the provider's.
    mutating func leaveOut(_ entry: BatchEntry, _ number: Int, _ refusal: DeadLetter) {
        if let letter = entry.letterID { letters[letter.message] = refusal } else { entries[number] = refusal }
    }

    func includes(_ message: MessageID) -> Bool { isTried(message) && !repeated.written.contains(message) }

    func movesState(_ message: MessageID) -> Bool { isTried(message) && !repeated.settled.contains(message) }

    private func isTried(_ message: MessageID) -> Bool {
        letters[message] == nil && (only?.contains(message) ?? true)
    }
}

/// A refusal, and the message that it is about where the refusal tells.
struct BatchRefusal: Error {
    let error: PostgresError
    let message: MessageID?
}

extension WriteBatch {
    /// The message that a row belongs to.
    func message(_ entry: Int32, _ position: Int64) -> MessageID {
        MessageID(feedID: entries[Int(entry)].feedID, position: position)
    }

    /// The letters that are replayed with a message; nil if none is.
    func letter(of message: MessageID) -> LetterID? {
        guard holdsReplayedLetters else { return nil }
        for entry in entries where entry.feedID == message.feedID {
            if let letter = entry.letterID, letter.position == message.position { return letter }
        }
        return nil
    }

    /// Every message of the batch, sorted.
    var messages: [MessageID] {
        var all: Set<MessageID> = []
        for row in odds { all.insert(message(row.entry, row.position)) }
        for row in bets { all.insert(message(row.entry, row.position)) }
        for row in fixtures { all.insert(message(row.entry, row.position)) }
        for row in settlements { all.insert(message(row.entry, row.position)) }
        for change in gaps { all.insert(message(change.entry, change.position)) }
        return all.sorted()
    }
}
