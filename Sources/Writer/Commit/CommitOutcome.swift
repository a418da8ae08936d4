import FeedModel

/// What a committed transaction did.
struct CommitOutcome: Sendable {
    /// Every key that the batch's rows refer to.
    var resolved: ResolvedDimensions
    /// Entries that the ledger held already.
    var duplicates = 0
    /// Rows stored, by `CopyTarget`'s number.
    var rows: [Int] = []
    /// Dead letters that are new, by stage and reason.
    var letters: [LetterKind: Int] = [:]
    /// Entries that were gone before they were written.
    var lostEntries = 0
    /// Replayed letters whose rows were not written: they had been replayed before, or cannot land.
    var unlandedLetters = 0
    /// Messages that Postgres refused.
    var refusedMessages = 0
    /// Messages that the provider had sent before and that were written then.
    var repeatedMessages = 0
    /// The entries are off the pending list.
    var isAcknowledged = false

    var rowCount: Int { rows.reduce(0, +) }
}

/// What dead letters are counted by.
struct LetterKind: Sendable, Hashable {
    let stage: DeadLetterStage
    let reason: DeadLetterReason

    init(stage: DeadLetterStage, reason: DeadLetterReason) {
        self.stage = stage
        self.reason = reason
    }

    /// Nil for codes that no version of this program wrote.
    init?(stageCode: Int16?, reasonCode: Int16?) {
        guard let stage = stageCode.flatMap({ UInt8(exactly: $0) }).flatMap({ DeadLetterStage(rawValue: $0) }),
            let reason = reasonCode.flatMap({ UInt8(exactly: $0) }).flatMap({ DeadLetterReason(rawValue: $0) })
        else { return nil }
        self.init(stage: stage, reason: reason)
    }
}
