import FeedModel
import TestSupport

@testable import Processor

/// Feeds of random entries, the same for the same seed: good and bad messages, snapshots, repeats.
enum RandomFeed {
    enum Entry {
        case frames([[UInt8]])
        case control(ControlEvent)

        func run(on bench: DecoderBench) throws -> DecoderBench.Outcome {
            switch self {
            case .frames(let frames): try bench.decode(frames)
            case .control(let event): try bench.apply(event)
            }
        }
    }

    static func sportsbook(seed: UInt64) -> [Entry] {
        var generator = SeededGenerator(seed: seed)
        var seq = 0
        return (0..<120).map { index in
            if index % 40 == 20 { return .control(.snapshotBegan) }
            if index % 40 == 25 { return .control(.snapshotEnded) }
            let frames = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                let messages = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                    seq += Int.random(in: 0..<8, using: &generator) == 0 ? 0 : 1
                    return sportsbookMessage(seq, using: &generator)
                }
                let text = messages.count == 1 ? messages[0] : "[" + messages.joined(separator: ",") + "]"
                return Array(text.utf8)
            }
            return .frames(frames)
        }
    }

    private static func sportsbookMessage(_ seq: Int, using generator: inout SeededGenerator) -> String {
        let fixture = "fx-\(Int.random(in: 0..<6, using: &generator))"
        let option = ["home", "draw", "away"].randomElement(using: &generator) ?? ""
        let odd = "\(Int.random(in: 0..<5, using: &generator)).\(Int.random(in: 0..<100, using: &generator))"
        switch Int.random(in: 0..<10, using: &generator) {
        case 0:
            let status =
                ["scheduled", "live", "suspended", "finished", "cancelled"].randomElement(using: &generator) ?? ""
            return BookMessage.fixture(seq: seq, id: fixture, status: status).json
        case 1:
            return BookMessage.settlement(seq: seq, option: option).with(["fixture_id": "\"\(fixture)\""]).json
        case 2: return BookMessage.bet(seq: seq).with(["fixture_id": "\"\(fixture)\""]).json
        case 3:
            return BookMessage.market(
                seq: seq,
                "{\"option_id\":\"\(option)\",\"odd_value\":\(odd)},{\"option_id\":\"z\",\"status\":\"closed\"}"
            ).json
        case 4: return BookMessage.odds(seq: seq, fixture: fixture).with(["seq": nil, "snapshot": "true"]).json
        default: return BookMessage.odds(seq: seq, fixture: fixture, option: option, odd: odd).json
        }
    }

    static func betfair(seed: UInt64) -> [Entry] {
        var generator = SeededGenerator(seed: seed)
        return (0..<120).map { index in
            if index % 40 == 20 { return .control(.snapshotBegan) }
            if index % 40 == 25 { return .control(.snapshotEnded) }
            return .frames((0..<Int.random(in: 1...4, using: &generator)).map { _ in betfairFrame(using: &generator) })
        }
    }

    private static func betfairFrame(using generator: inout SeededGenerator) -> [UInt8] {
        if Int.random(in: 0..<4, using: &generator) == 0 { return RandomOrders.frame(using: &generator) }
        let changes = (0..<Int.random(in: 1...3, using: &generator)).map { _ in betfairChange(using: &generator) }
        return Array(#"{"op":"mcm","clk":"A","pt":1763719199000,"mc":[\#(changes.joined(separator: ","))]}"#.utf8)
    }

    private static func betfairChange(using generator: inout SeededGenerator) -> String {
        var parts = ["\"id\":\"1.\(Int.random(in: 0..<4, using: &generator))\""]
        if Int.random(in: 0..<10, using: &generator) == 0 { parts.append("\"img\":true") }
        if Int.random(in: 0..<5, using: &generator) == 0 {
            let status = ["OPEN", "OPEN", "SUSPENDED", "CLOSED", "BAD"].randomElement(using: &generator) ?? ""
            let runners = (0..<3).map { id in
                let status = ["ACTIVE", "ACTIVE", "WINNER", "LOSER", "REMOVED"].randomElement(using: &generator) ?? ""
                return "{\"id\":\(id),\"status\":\"\(status)\",\"name\":\"Runner \(id)\"}"
            }
            parts.append(
                """
                "marketDefinition":{"eventId":"e\(Int.random(in: 0..<2, using: &generator))","eventTypeId":"1",
                "eventName":"A v B","status":"\(status)","inPlay":\(Bool.random(using: &generator)),
                "marketType":"MATCH_ODDS","runners":[\(runners.joined(separator: ","))]}
                """)
        }
        let changes = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
            let price = "\(Int.random(in: 1..<4, using: &generator)).\(Int.random(in: 1..<10, using: &generator))"
            let side = ["atb", "atl", "trd"].randomElement(using: &generator) ?? ""
            let size = Int.random(in: 0..<3, using: &generator)
            return
                "{\"id\":\(Int.random(in: 0..<4, using: &generator)),\"\(side)\":[[\(price),\(size)]],\"ltp\":\(price)}"
        }
        parts.append("\"rc\":[\(changes.joined(separator: ","))]")
        return "{" + parts.joined(separator: ",") + "}"
    }
}

/// SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
