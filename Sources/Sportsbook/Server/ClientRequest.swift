import Foundation
import NIOCore

/// What a client may ask for.
enum ClientRequest {
    case subscribe(StreamSet, resumeAfter: Int64?)
    case ping(PingID?)

    /// Sent back as it came.
    enum PingID: Decodable {
        case number(Int64)
        case text(String)

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let number = try? value.decode(Int64.self) {
                self = .number(number)
            } else {
                self = .text(try value.decode(String.self))
            }
        }
    }

    /// Why a request is not one; `code` goes to the client.
    struct Refusal: Error {
        let code: String
        let message: String
    }

    private struct Body: Decodable {
        let op: String
        let streams: [String]?
        let resumeAfter: Int64?
        let id: PingID?

        private enum CodingKeys: String, CodingKey {
            case op, streams, id
            case resumeAfter = "resume_after"
        }
    }

    init(_ text: ByteBuffer) throws(Refusal) {
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(text.readableBytesView)) else {
            throw Refusal(code: "bad_request", message: "not a JSON object with a known op")
        }
        switch body.op {
        case "ping": self = .ping(body.id)
        case "subscribe": self = .subscribe(try Self.streams(body.streams), resumeAfter: body.resumeAfter)
        default: throw Refusal(code: "unknown_op", message: "op \(body.op.prefix(40)) is not known")
        }
    }

    private static func streams(_ names: [String]?) throws(Refusal) -> StreamSet {
        guard let names, !names.isEmpty else {
            throw Refusal(code: "missing_streams", message: "subscribe needs at least one of fixtures, odds, bets")
        }
        var set = StreamSet()
        for name in names {
            guard let stream = FeedStream(rawValue: name) else {
                throw Refusal(
                    code: "unknown_stream", message: "stream \(name.prefix(40)) is not one of fixtures, odds, bets")
            }
            set.insert(StreamSet(stream))
        }
        return set
    }
}
