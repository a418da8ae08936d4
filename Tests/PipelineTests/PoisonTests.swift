import DevServices
import FeedModel
import Foundation
import Sportsbook
import TestSupport
import Testing

/// One message in ten is bad, in every way there is: each bad one is a letter with the right reason, each good one a row.
@Suite struct PoisonTests {
    private static let count = 10_000
    private static let seed: UInt64 = 20_261_121

    /// What a provider sends, and what must become of it.
    private struct Recording {
        var lines = Data()
        var good = 0
        var bad: [PoisonMessage] = []
        private var sequence = 0
        private var generator = SeededGenerator(seed: PoisonTests.seed)

        init() {
            var poison = PoisonMessages(seed: PoisonTests.seed)
            for index in 0..<PoisonTests.count {
                let huge = PoisonMessages.huge
                if index % (PoisonTests.count / 4) < huge.count {
                    add(huge[index % (PoisonTests.count / 4)])
                } else {
                    let before = sequence
                    var number = 0
                    let message = poison.next {
                        number = before + Int.random(in: 1...9, using: &generator)
                        return number
                    }
                    add(message, numbered: number)
                }
            }
            add(goods(1)[...])
        }

        /// One bad message among nine good ones, in frames of their own or in one list.
        private mutating func add(_ message: PoisonMessage, numbered number: Int = 0) {
            bad.append(message)
            let before = number > 0 ? number - sequence - 1 : Int.random(in: 0...9, using: &generator)
            let front = goods(before)
            if number > 0 { sequence += 1 }
            let back = goods(9 - before)
            if message.isList, Bool.random(using: &generator) {
                return add([Array("[".utf8) + (front + [message.bytes] + back).joined(separator: [44]) + [93]])
            }
            add(front + [message.bytes] + back)
        }

        private mutating func goods(_ count: Int) -> [[UInt8]] {
            (0..<count).map { _ in
                sequence += 1
                good += 1
                let odd = 10_000 + good
                let digits = String(odd % 10_000)
                return Array(
                    BookMessage.odds(
                        seq: sequence, fixture: "fx-\(good % 50)", option: "option-\(good % 3)",
                        odd: "\(odd / 10_000).\(String(repeating: "0", count: 4 - digits.count))\(digits)"
                    ).json.utf8)
            }
        }

        private mutating func add(_ frames: some Collection<[UInt8]>) {
            for frame in frames {
                lines.append(contentsOf: Array("1763719200000000\tbase64:".utf8))
                lines.append(Data(frame).base64EncodedData())
                lines.append(10)
            }
        }
    }

    @Test(.timeLimit(.minutes(5))) func everyBadMessageIsALetterAndEveryGoodOneARow() async throws {
        let recording = Recording()
        let redis = try await TestServers.redis()
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)", prefix: "\(RandomName.next("poison"))" }
                    postgres: { url: "\(url)" }
                    broadcaster: { listen: "127.0.0.1:0" }
                    operations: { listen: "127.0.0.1:0" }
                    """)
            let file = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("bad") + ".ndjson")
            try recording.lines.write(to: file)
            defer { try? FileManager.default.removeItem(at: file) }
            #expect(try await stages.run(["migrate"]).code == 0)
            try await stages.start("replay", [file.path, "--provider", "sportsbook", "--stay"])
            try await database.untilRows(reach: Int64(recording.good), seconds: 180)
            try await database.until("SELECT count(*) >= \(recording.bad.count) FROM dead_letters")

            let rows = try await database.value(
                "SELECT count(*), count(DISTINCT odd_value), min(odd_value) * 10000, max(odd_value) * 10000 FROM odds_ticks"
            )
            #expect(rows == "\(recording.good)|\(recording.good)|10001.0000|\(10_000 + recording.good).0000")
            try await Self.expectLetters(for: recording.bad, in: database)
            #expect(try await database.lines("SELECT kind, cause FROM gaps LIMIT 10") == [])
            let audit = try await stages.run(["verify"])
            #expect(audit.code == 0, "\(audit.output)")
            await stages.expectCleanEnd()
        }
    }

    private static func expectLetters(for bad: [PoisonMessage], in database: PipelineDatabase) async throws {
        let letters = try await database.lines(
            """
            SELECT letter_reason_name(reason), translate(detail, E'\\n\\r|', '   '),
                encode(substring(payload FOR 100), 'hex')
            FROM dead_letters ORDER BY position
            """)
        #expect(letters.count == bad.count)
        var wrong = 0
        for (letter, message) in zip(letters, bad) {
            let parts = letter.split(separator: "|", maxSplits: 2)
            if parts[0] == message.reason.name, message.detail.isEmpty || parts[1].contains(message.detail) { continue }
            wrong += 1
            if wrong <= 10 {
                let sent = String(decoding: message.bytes.prefix(300), as: UTF8.self)
                Issue.record("\(sent)\nshould be \(message.reason.name) '\(message.detail)' but is \(letter)")
            }
        }
        #expect(wrong == 0)
    }
}
