import ArgumentParser
import FeedModel
import Foundation
import PostgresCopy

/// Which letters: the filters that every `dlq` command takes. All that are given must hold.
struct LetterFilter: ParsableArguments {
    @Option(help: "Only this feed.") var feed: String?
    @Option(help: "Only what this stage refused: processor, writer or feed.") var stage: LetterCode<DeadLetterStage>?
    @Option(help: "Only this reason, such as bad_value.") var reason: LetterCode<DeadLetterReason>?
    @Option(help: "Only what came or was refused since: RFC 3339, or so long ago (90m, 7d).") var since: LetterTime?
    @Option(help: "Only what was received before: RFC 3339, or so long ago.") var until: LetterTime?
    @Option(help: "Only letters with this text in their detail or payload.") var text: String?

    var isEmpty: Bool {
        feed == nil && stage == nil && reason == nil && since == nil && until == nil && text == nil
    }

    /// What follows `FROM dead_letters d JOIN feeds f USING (feed_id) WHERE`, for `parameters`.
    static let condition = """
        ($1::text IS NULL OR f.name = $1) AND ($2::smallint IS NULL OR d.stage = $2)
            AND ($3::smallint IS NULL OR d.reason = $3)
            AND ($4::timestamptz IS NULL OR d.first_seen >= $4 OR d.written_at >= $4)
            AND ($5::timestamptz IS NULL OR d.first_seen < $5)
            AND ($6::text IS NULL OR strpos(d.detail, $6) > 0 OR position(convert_to($6, 'UTF8') IN d.payload) > 0)
            AND ($7::text[] IS NULL OR d.state = ANY ($7)) AND ($8::bigint[] IS NULL OR d.id = ANY ($8))
        """

    /// - Parameter states: nil means any.
    func parameters(states: [String]? = nil, ids: [Int64] = []) -> [PostgresValue] {
        [
            feed.map { .text($0) } ?? .null, stage.map { .int16(Int16($0.code.rawValue)) } ?? .null,
            reason.map { .int16(Int16($0.code.rawValue)) } ?? .null,
            since.map { .timestamptz($0.time.microseconds) } ?? .null,
            until.map { .timestamptz($0.time.microseconds) } ?? .null, text.map { .text($0) } ?? .null,
            states.map { .texts($0) } ?? .null, ids.isEmpty ? .null : .int64s(ids),
        ]
    }
}

/// One of a closed set on a command line; what is not of it is refused with the names that are.
struct LetterCode<Code: NamedCode & Sendable>: ExpressibleByArgument, Sendable {
    let code: Code

    init?(argument: String) {
        guard let code = Code(name: argument) else { return nil }
        self.code = code
    }

    static var allValueStrings: [String] { Code.allCases.map(\.name) }
}

/// A moment on a command line.
struct LetterTime: ExpressibleByArgument, Sendable {
    let time: Timestamp

    init?(argument: String) { self.init(argument, now: WallClock.now) }

    init?(_ text: String, now: Timestamp) {
        if let time = Timestamp(rfc3339: text) {
            self.time = time
            return
        }
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Int64(text.dropLast()), number >= 0 else {
            return nil
        }
        let (seconds, overflow) = number.multipliedReportingOverflow(by: unit)
        guard !overflow, seconds < 1_000_000_000 else { return nil }
        time = now - .seconds(seconds)
    }
}

/// Which letters something is done to: ids, or filters.
struct LetterSelection: ParsableArguments {
    @Argument(help: "The letters' ids, from `dlq list`; or filters instead.") var ids: [Int64] = []
    @OptionGroup(title: "Filters") var filter: LetterFilter
    @Flag(name: .shortAndLong, help: "Do not ask before more than one letter is touched.") var yes = false

    func check() throws { try Self.check(ids, filter) }

    static func check(_ ids: [Int64], _ filter: LetterFilter) throws {
        if ids.isEmpty && filter.isEmpty {
            throw CommandFailure(description: "say which letters: ids, or at least one filter", exitCode: ExitCode(2))
        }
        if !ids.isEmpty && !filter.isEmpty {
            throw CommandFailure(description: "give ids or filters, not both", exitCode: ExitCode(2))
        }
    }

    /// Asks for the number of letters before more than one is touched.
    func confirm(_ verb: String, _ count: Int) throws {
        guard count > 1, !yes else { return }
        printError("\(verb) \(count) letters? Type the number to go on, or use --yes:")
        guard readLine()?.trimmingCharacters(in: .whitespaces) == "\(count)" else {
            throw CommandFailure(description: "not confirmed: nothing was done", exitCode: ExitCode(2))
        }
    }
}
