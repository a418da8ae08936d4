import FeedModel
import PostgresCopy

/// Dead letters that a batch sends through again: each lands once, however often it was asked for, sent or delivered.
struct LetterReplay {
    let batch: WriteBatch
    let exclusions: Exclusions

    /// Marks the letters that land, before their rows are written, and those that are refused once more. The entries of all
    /// others are no longer accepted: they are in the ledger, and their rows are not written.
    ///
    /// - Returns: how many entries brought a letter that does not land.
    func land(
        _ session: borrowing PostgresSession, rows: [Int32], isAccepted: inout [Bool]
    ) throws -> Int {
        guard batch.holdsReplayedLetters || !batch.refusals.isEmpty else { return 0 }
        var candidates: [LetterID: Int] = [:]
        var refusals = newRefusals(isAccepted)
        var unlanded = 0
        for (number, entry) in batch.entries.enumerated() where isAccepted[number] {
            guard let letter = entry.letterID else { continue }
            if exclusions.includes(letter.message), candidates[letter] == nil {
                candidates[letter] = number
                continue
            }
            isAccepted[number] = false
            unlanded += 1
            guard let refusal = exclusions.letters[letter.message] else { continue }
            refusals[letter] = LetterRefusal(letter, refusal, entry: Int32(number))
        }
        let landed = try mark(candidates, rows, session)
        for (letter, number) in candidates where !landed.contains(letter) {
            isAccepted[number] = false
            unlanded += 1
            refusals[letter] = LetterRefusal(homeless: letter, entry: Int32(number))
        }
        try refuse(refusals, session)
        return unlanded
    }

    /// What the Processor refused again.
    private func newRefusals(_ isAccepted: [Bool]) -> [LetterID: LetterRefusal] {
        var refusals: [LetterID: LetterRefusal] = [:]
        for refusal in batch.refusals where isAccepted[Int(refusal.entry)] {
            let feedID = batch.entries[Int(refusal.entry)].feedID
            refusals[LetterID(feedID: feedID, position: refusal.position, stage: refusal.stage)] = refusal
        }
        return refusals
    }

    private func mark(
        _ candidates: [LetterID: Int], _ rows: [Int32], _ session: borrowing PostgresSession
    ) throws -> Set<LetterID> {
        guard !candidates.isEmpty else { return [] }
        let sent = candidates.sorted { $0.key < $1.key }
        let statement = PostgresStatement(
            Statement.landLetters,
            LetterID.parameters(sent.map(\.key)) + [
                .timestamptzs(sent.map { batch.entries[$0.value].rowsReceivedAt.microseconds }),
                .int32s(sent.map { rows[$0.value] }),
            ])
        let answer = try session.query(statement)
        var landed: Set<LetterID> = []
        for row in 0..<answer.count {
            guard let feedID = answer.int16(row, 0), let position = answer.int64(row, 1),
                let stage = answer.int16(row, 2).flatMap({ UInt8(exactly: $0) })
            else { throw PostgresError.unexpectedResult("a letter without a key") }
            landed.insert(LetterID(feedID: feedID, position: position, stage: stage))
        }
        return landed
    }

    private func refuse(_ refusals: [LetterID: LetterRefusal], _ session: borrowing PostgresSession) throws {
        guard !refusals.isEmpty else { return }
        let rows = refusals.sorted { $0.key < $1.key }
        _ = try session.query(
            PostgresStatement(
                Statement.refuseLetters,
                LetterID.parameters(rows.map(\.key)) + [
                    .int16s(rows.map { Int16($0.value.reason) }), .texts(rows.map(\.value.detail.storable)),
                    .texts(rows.map { $0.value.sqlState.isEmpty ? nil : $0.value.sqlState }),
                ]))
    }
}

extension LetterID: Comparable {
    static func < (left: LetterID, right: LetterID) -> Bool {
        (left.feedID, left.position, left.stage) < (right.feedID, right.position, right.stage)
    }

    /// The first three parameters of what is done with letters.
    fileprivate static func parameters(_ letters: [LetterID]) -> [PostgresValue] {
        [
            .int16s(letters.map(\.feedID)), .int64s(letters.map(\.position)), .int16s(letters.map { Int16($0.stage) }),
        ]
    }
}

extension LetterRefusal {
    /// Postgres refused the message.
    fileprivate init(_ letter: LetterID, _ refusal: DeadLetter, entry: Int32) {
        self.init(
            position: letter.position, stage: letter.stage, reason: refusal.reason.rawValue, detail: refusal.detail,
            sqlState: refusal.sqlState, entry: entry)
    }

    /// Of a letter that is replayed already this is not heard.
    fileprivate init(homeless letter: LetterID, entry: Int32) {
        self.init(
            position: letter.position, stage: letter.stage, reason: DeadLetterReason.writeRejected.rawValue,
            detail: "the ledger does not have the entry that the message came with: not yet, or no longer",
            entry: entry)
    }
}
