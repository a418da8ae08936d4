package import FeedModel

/// What an audit of the history found.
package struct AuditReport: Sendable {
    /// What was looked at; nil when the ledger is empty.
    package var window: Range<Timestamp>?
    package var entries: Int64 = 0
    package var rows: Int64 = 0
    package var findings: [AuditFinding] = []

    /// Nothing is wrong. What is on record, such as a gap, is not wrong.
    package var isClean: Bool { !findings.contains { $0.severity == .error } }

    mutating func add(_ finding: AuditFinding) {
        let same = findings.firstIndex {
            $0.kind == finding.kind && $0.feed == finding.feed && $0.detail == finding.detail
        }
        guard let same else {
            findings.append(finding)
            return
        }
        findings[same].count += finding.count
        findings[same].examples += finding.examples.prefix(AuditFinding.maximumExamples - findings[same].examples.count)
    }

    /// Says of a finding which frames it is about.
    mutating func attach(_ missing: [MissingFrames], to kind: AuditFinding.Kind, of feed: String?) {
        guard let index = findings.firstIndex(where: { $0.kind == kind && $0.feed == feed }) else { return }
        findings[index].missing += missing.prefix(AuditFinding.maximumRanges - findings[index].missing.count)
    }
}

/// One thing that an audit found, counted, with where to look.
package struct AuditFinding: Sendable, Equatable {
    package enum Severity: String, Sendable {
        /// The history is not what it says it is.
        case error
        /// Worth knowing, and as it should be.
        case note
    }

    /// What it is about. What each one means is in `sentence`.
    package enum Kind: String, Sendable, CaseIterable {
        case brokenLink, begunAnew, overlap, missingRows, surplusRows, unrecordedRows, duplicateRows, misplacedRows,
            orphans
        case staleState, sequenceHole, unwrittenFrames
        case pendingLink, fork, recordedLoss, openGap, filledGap, healedGap, deadLetters, unarchivedEntries, notAudited
    }

    package static let maximumExamples = 3
    package static let maximumRanges = 10

    package let kind: Kind
    /// Nil: the whole database.
    package let feed: String?
    package internal(set) var count: Int64
    /// Tells findings of one kind apart: a table, a gap's kind, a letter's state.
    package let detail: String
    /// Where to look: frames, times.
    package internal(set) var examples: [String]
    /// The first frames that are missing, where the finding is about such.
    package internal(set) var missing: [MissingFrames] = []

    package init(kind: Kind, feed: String?, count: Int64, detail: String = "", examples: [String] = []) {
        self.kind = kind
        self.feed = feed
        self.count = count
        self.detail = detail
        self.examples = Array(examples.prefix(Self.maximumExamples))
    }

    package var severity: Severity {
        switch kind {
        case .brokenLink, .begunAnew, .overlap, .missingRows, .surplusRows, .unrecordedRows, .duplicateRows,
            .misplacedRows,
            .orphans,
            .staleState, .sequenceHole, .unwrittenFrames:
            .error
        case .pendingLink, .fork, .recordedLoss, .openGap, .filledGap, .healedGap, .deadLetters, .unarchivedEntries,
            .notAudited:
            .note
        }
    }
}

extension AuditFinding: CustomStringConvertible {
    /// For people: `book-a: 12 rows of the ledger's count are not in the tables (…)`.
    package var description: String {
        let place = feed.map { "\($0): " } ?? ""
        let witnesses = examples.isEmpty ? "" : " (\(examples.joined(separator: ", ")))"
        return place + sentence + witnesses
    }

    private var sentence: String {
        switch kind {
        case .brokenLink: "\(count) entries follow on frames that were never written, and no gap says so"
        case .begunAnew:
            "\(count) times a feed began without knowing what was before, and no gap says what may be missing"
        case .overlap: "\(count) entries hold frames that another entry holds as well"
        case .missingRows: "\(count) rows that the ledger counted are not in the tables"
        case .surplusRows: "\(count) rows more than the ledger counted"
        case .unrecordedRows: "\(count) rows came from entries that the ledger does not have"
        case .duplicateRows: "\(count) rows are there more than once"
        case .misplacedRows: "\(count) rows stand at positions outside their entry"
        case .orphans: "\(count) rows of \(detail) refer to something that does not exist"
        case .staleState: "\(count) rows of \(detail) are older than the history says"
        case .sequenceHole:
            "\(count) times sequence numbers of the provider are missing, and no gap or dead letter says why"
        case .unwrittenFrames: "\(count) entries were archived as raw frames but never written"
        case .pendingLink: "\(count) entries wait for a predecessor that may still be on its way"
        case .fork: "\(count) times a new owner began below what was already written; nothing is lost by that"
        case .recordedLoss: "\(count) times frames are missing, and a gap or a dead letter says so"
        case .openGap: "\(count) gaps of kind \(detail) are on record and not healed"
        case .filledGap: "\(count) gaps of kind \(detail) are open although their numbers came"
        case .healedGap: "\(count) gaps of kind \(detail) are on record and healed"
        case .deadLetters: "\(count) dead letters are \(detail)"
        case .unarchivedEntries: "\(count) entries have no raw frames: raw audit was off, or is behind"
        case .notAudited: "what is older than \(detail) was not audited: parts of it have been retired"
        }
    }
}
