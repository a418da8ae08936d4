import FeedModel
import Foundation
import TestSupport
import Testing

@testable import Processor

/// Every single message of the exchange that there is, each against what it has to become.
@Suite struct BetfairExampleTests {
    /// What a file becomes by itself. Counted from the files without this decoder.
    struct Example: Sendable, CustomTestStringConvertible {
        let name: String
        /// Markets and bets that something is told of; the latter once for each state.
        var markets = 0
        var bets = 0
        var session = 0
        var unused = 0
        var refusals: [DeadLetterReason] = []
        var testDescription: String { name }
    }

    private static func parser(_ name: String) -> String { "betfair_parser/responses__streaming__\(name)" }
    private static func lightweight(_ name: String) -> String { "betfairlightweight/streaming_\(name).json" }
    /// What a client sends is nothing that a server says.
    private static func request(_ name: String) -> Example {
        Example(name: "betfair_parser/requests__streaming__\(name).json", refusals: [.unknownType])
    }

    static let markets = [
        Example(name: parser("mcm_bsp.json"), markets: 1), Example(name: parser("mcm_bsp_data.json.gz"), markets: 36),
        Example(name: parser("mcm_con_true.json"), markets: 1), Example(name: parser("mcm_heartbeat.json"), session: 1),
        Example(name: parser("mcm_live_image.json"), markets: 1),
        Example(name: parser("mcm_live_update.json"), markets: 1),
        Example(name: parser("mcm_market_definition_bet_delay_models.json"), markets: 105),
        Example(name: parser("mcm_market_definition_bsp.json"), markets: 1),
        Example(name: parser("mcm_market_definition_each_way.json"), markets: 1),
        Example(name: parser("mcm_market_definition_runner_removed.json"), markets: 1),
        Example(name: parser("mcm_market_updates.json"), markets: 1, session: 1),
        Example(name: parser("mcm_resub_delta.json"), markets: 41),
        Example(name: parser("mcm_samples.ndjson"), markets: 9),
        Example(name: parser("mcm_sub_image.json"), markets: 1),
        Example(name: parser("mcm_sub_image_no_market_def.json.gz"), markets: 3),
        Example(name: parser("mcm_update.json"), markets: 1), Example(name: parser("mcm_update_md.json"), markets: 1),
        Example(name: parser("mcm_update_tv.json"), markets: 1),
        Example(name: lightweight("mcm_HEARTBEAT"), session: 1),
        Example(name: lightweight("mcm_RESUB_DELTA"), markets: 43),
        Example(name: lightweight("mcm_SUB_IMAGE"), markets: 1),
        Example(name: lightweight("mcm_SUB_IMAGE_no_market_def"), markets: 137),
        Example(name: lightweight("mcm_UPDATE_md"), markets: 1), Example(name: lightweight("mcm_UPDATE_tv")),
        Example(name: lightweight("mcm_update"), markets: 1),
        Example(name: "nautilus/line_processing-with-heartbeat.txt", markets: 1, session: 2),
    ]

    static let orders = [
        Example(name: parser("ocm_cancel.json"), bets: 1), Example(name: parser("ocm_empty_image.json")),
        Example(name: parser("ocm_filled.json"), bets: 1),
        Example(name: parser("ocm_full_image.json"), bets: 6, unused: 5),
        Example(name: parser("ocm_full_image_strategy.json"), unused: 1),
        Example(name: parser("ocm_heartbeat.json"), session: 1),
        Example(name: parser("ocm_new_full_image.json"), bets: 1, unused: 2),
        Example(name: parser("ocm_new_full_image_2.json"), unused: 3),
        Example(name: parser("ocm_order_update.json"), bets: 1), Example(name: parser("ocm_sub_image.json"), unused: 1),
        Example(name: parser("ocm_update.json"), bets: 1, unused: 1),
        Example(name: lightweight("ocm_EMPTY_IMAGE")), Example(name: lightweight("ocm_FULL_IMAGE"), bets: 5, unused: 5),
        Example(name: lightweight("ocm_NEW_FULL_IMAGE"), bets: 5, unused: 5),
        Example(name: lightweight("ocm_SUB_IMAGE"), unused: 1), Example(name: lightweight("ocm_UPDATE"), bets: 1),
        Example(name: "nautilus/ocm_FILLED_sv_zero.json", bets: 1), Example(name: "nautilus/ocm_VOIDED.json", bets: 1),
        Example(name: "nautilus/ocm_VOIDED_partial.json", bets: 1),
        Example(name: "nautilus/streaming_order_stream.json", bets: 36, unused: 9),
    ]

    static let others = [
        request("market_subscription_1"), request("market_subscription_2"), request("market_subscription_3"),
        request("order_subscription"), Example(name: parser("connection.json"), session: 1),
        Example(name: parser("status.json"), session: 1), Example(name: parser("status_error.json"), session: 1),
        Example(name: parser("status_error_alt.json"), session: 1),
        Example(name: parser("status_no_id.json"), session: 1), Example(name: lightweight("503"), session: 1),
        Example(name: lightweight("connection"), session: 1), Example(name: lightweight("status"), session: 1),
        Example(name: lightweight("rcm"), unused: 1),
        // A part of a message.
        Example(name: lightweight("market_definition"), refusals: [.missingField]),
    ]

    private static let directory = "betfair/messages"

    @Test(.sharedFixtures(directory), arguments: markets + orders + others)
    func singleMessages(_ example: Example) throws {
        let frames = try BetfairRecording.frames(of: "messages/\(example.name)")
        let outcome = try DecoderBench.betfair().decode(frames, receivedAt: PredictionExamples.receivedAt)
        #expect(Set(outcome.odds.map(\.selection.market)).count == example.markets)
        #expect(outcome.bets.count == example.bets && outcome.counters.bets == example.bets)
        #expect(outcome.counters.session == example.session)
        #expect(outcome.counters.unused == example.unused)
        #expect(outcome.reasons == example.refusals, "\(outcome.letters.map(\.detail))")
    }

    @Test(.sharedFixtures(directory)) func everyExampleHasItsExpectation() throws {
        let directory = try #require(SharedFixtures.path(Self.directory))
        let names = try FileManager.default.subpathsOfDirectory(atPath: directory).filter { $0.contains(".") }
        // The schema is no message.
        let expected = (Self.markets + Self.orders + Self.others).map(\.name) + ["ESASwaggerSchema.json"]
        #expect(Set(names) == Set(expected))
    }

    /// Scores of cricket are known and not used.
    @Test(
        .sharedFixtures("betfair/cricket-ned-png-1.200806927.ccm.ndjson.gz"),
        arguments: ["cricket-ned-png-1.200806927.ccm.ndjson.gz", "cricket-live-image-1.179676557.ccm.ndjson"])
    func scoresAreNotUsed(_ recording: String) throws {
        let lines = try BetfairRecording.lines(of: recording)
        let outcome = try DecoderBench.betfair().decode(lines, receivedAt: PredictionExamples.receivedAt)
        #expect(!lines.isEmpty && outcome.counters.unused == lines.count && outcome.counters.messages == lines.count)
        #expect(outcome.events.isEmpty && outcome.letters.isEmpty)
    }

    /// A resumed market stream brings patches: what it leaves out stays as it was, and what it has is told.
    @Test(.sharedFixtures(directory), arguments: [lightweight("mcm_RESUB_DELTA"), parser("mcm_resub_delta.json")])
    func aResumedStreamClosesNothing(_ name: String) throws {
        let bench = try DecoderBench.betfair()
        try bench.decode(#"{"op":"mcm","pt":1763719199000,"mc":[{"id":"1.1","rc":[{"id":1,"atb":[[2,10]]}]}]}"#)
        try bench.apply(.resumed(fromSequence: nil))
        let frames = try BetfairRecording.frames(of: "messages/\(name)")
        let outcome = try bench.decode(frames, receivedAt: PredictionExamples.receivedAt)
        #expect(outcome.odds.allSatisfy { !$0.isSnapshot && $0.status != .closed })
        #expect(!outcome.odds.contains { $0.selection.market == "1.1" })
        for frame in frames { try Self.compare(outcome.odds, try PredictionExamples.object(frame)) }
        let next = try bench.decode(
            #"{"op":"mcm","pt":1763719199000,"mc":[{"id":"1.1","rc":[{"id":1,"atl":[[2.1,5]]}]}]}"#)
        #expect(next.odds.map(\.odd) == [FixedDecimal("2")] && next.odds.map(\.lay) == [FixedDecimal("2.1")])
    }

    /// The best prices of each runner of a message, by Foundation's reader.
    private static func compare(_ odds: [DecodedOdds], _ message: [String: Any]) throws {
        let changes = try #require(message["mc"] as? [[String: Any]])
        for change in changes {
            // A market that comes twice is patched twice.
            guard changes.count(where: { $0["id"] as? String == change["id"] as? String }) == 1 else { continue }
            for runner in change["rc"] as? [[String: Any]] ?? [] {
                let found = odds.filter {
                    $0.selection.market == change["id"] as? String && $0.selection.option == "\(runner["id"] ?? "?")"
                        && ($0.selection.line ?? FixedDecimal(scaled: 0))
                            == FixedDecimal("\(runner["hc"] as? Double ?? 0)")
                }
                let row = try #require(found.first, "runner \(runner["id"] ?? "?") of \(change["id"] ?? "?")")
                #expect(found.count == 1)
                #expect([row.odd, row.backSize] == best(runner, "atb", "batb", "bdatb", isHighest: true))
                #expect([row.lay, row.laySize] == best(runner, "atl", "batl", "bdatl", isHighest: false))
            }
        }
    }

    private static func best(
        _ runner: [String: Any], _ full: String, _ byLevel: String, _ display: String, isHighest: Bool
    ) -> [FixedDecimal?] {
        let pairs = ["atb", "atl"].contains { runner[$0] != nil }
        let levels = (runner[pairs ? full : runner[byLevel] != nil ? byLevel : display] as? [[Double]] ?? [])
            .filter { $0.last != 0 }
        let level = levels.min {
            pairs ? (isHighest ? $0[0] > $1[0] : $0[0] < $1[0]) : $0[0] < $1[0]
        }
        guard let level else { return [nil, nil] }
        return level.suffix(2).map { FixedDecimal("\($0)") }
    }
}
