import Foundation

/// A message as a client reads it: every field of every type, absent ones nil.
struct DecodedMessage: Decodable, Equatable {
    struct Price: Decodable, Equatable {
        let option_id: String
        let odd_value: Number
        let status: String?
    }

    /// A JSON number, or one in a string.
    struct Number: Decodable, Hashable {
        let value: Decimal

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                value = Decimal(string: text) ?? .nan
            } else {
                value = try container.decode(Decimal.self)
            }
        }
    }

    let type: String
    let seq: Int64?
    let snapshot: Bool?
    let timestamp: String?
    let fixture_id: String?
    let sport_id: String?
    let sport: String?
    let tournament_id: String?
    let tournament: String?
    let home_team: String?
    let away_team: String?
    let start_time: String?
    let status: String?
    let home_score: Int?
    let away_score: Int?
    let market_type: String?
    let market_id: String?
    let line: Number?
    let option_id: String?
    let odd_value: Number?
    let odds: [Price]?
    let result: String?
    let bet_id: String?
    let user_id: String?
    let amount: Number?
    let odd: Number?
    let potential_win: Number?
    let currency: String?
    let resumed: Bool?
    let next_seq: Int64?
    let oldest_seq: Int64?
    let id: Int64?
    let code: String?

    init(_ bytes: [UInt8]) throws {
        self = try JSONDecoder().decode(DecodedMessage.self, from: Data(bytes))
    }

    /// A frame: one message or an array of them.
    static func messages(in frame: [UInt8]) throws -> [DecodedMessage] {
        frame.first == UInt8(ascii: "[")
            ? try JSONDecoder().decode([DecodedMessage].self, from: Data(frame)) : [try DecodedMessage(frame)]
    }

    /// What names the market.
    var market: String {
        [fixture_id, market_id ?? market_type, line.map { "\($0.value)" }].map { $0 ?? "-" }.joined(separator: " ")
    }
}
