import FeedModel

/// What the server says beside data.
enum ControlMessage {
    static func subscribed(isResumed: Bool, next: Int64, oldest: Int64) -> String {
        #"{"type":"subscribed","resumed":\#(isResumed),"next_seq":\#(next),"oldest_seq":\#(oldest)}"#
    }

    /// `sequence` is the number before the first live message.
    static func snapshotComplete(_ sequence: Int64, at time: Timestamp) -> String {
        #"{"type":"snapshot_complete","seq":\#(sequence),"timestamp":"\#(time)"}"#
    }

    /// `sequence` is the last one sent.
    static func heartbeat(_ sequence: Int64, at time: Timestamp) -> String {
        #"{"type":"heartbeat","seq":\#(sequence),"timestamp":"\#(time)"}"#
    }

    static func pong(_ id: ClientRequest.PingID?) -> String {
        switch id {
        case .number(let number): #"{"type":"pong","id":\#(number)}"#
        case .text(let text):
            #"{"type":"pong","id":\#(quoted(text))}"#
        case nil: #"{"type":"pong"}"#
        }
    }

    static func error(_ code: String, _ message: String) -> String {
        #"{"type":"error","code":\#(quoted(code)),"message":\#(quoted(message))}"#
    }

    private static func quoted(_ text: String) -> String {
        var json = JSONWriter()
        json.string(text)
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
