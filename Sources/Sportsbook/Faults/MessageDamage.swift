package import FeedModel

/// A way in which a message can be wrong. The damaged message keeps its place and, where it can, its number.
package enum MessageDamage: String, Sendable, CaseIterable {
    /// Cut off in the middle. In an array it takes its neighbours with it.
    case truncated
    case unknownType = "unknown_type"
    case missingType = "missing_type"
    case missingField = "missing_field"
    case oddBelowOne = "odd_below_one"
    case oddTooHigh = "odd_too_high"
    case oddNotANumber = "odd_not_a_number"
    case unknownStatus = "unknown_status"
    case impossibleTime = "impossible_time"
    case timeTooEarly = "time_too_early"
    case emptyID = "empty_id"
    case longID = "long_id"
    case controlCharacter = "control_character"
    case nested
    case notAnObject = "not_an_object"

    /// The reason that the Processor must give for it.
    package var reason: DeadLetterReason {
        switch self {
        case .truncated, .nested: .malformedJSON
        case .unknownType: .unknownType
        case .missingType, .missingField: .missingField
        case .oddBelowOne, .oddTooHigh, .oddNotANumber, .unknownStatus, .impossibleTime, .timeTooEarly, .emptyID,
            .longID, .controlCharacter:
            .badValue
        case .notAnObject: .malformedJSON
        }
    }

    /// The message in place of the one with this number.
    func message(_ sequence: Int64, at time: Timestamp) -> [UInt8] {
        let head = #""seq":\#(sequence),"timestamp":"\#(self.time(time))""#
        let fields = #""market_type":"1X2","option_id":"home""#
        let text =
            switch self {
            case .truncated: #"{"type":"odds_change",\#(head),"fixture_id":"fx-dam"#
            case .unknownType: #"{"type":"weather_report",\#(head),"fixture_id":"fx-damaged"}"#
            case .missingType: #"{\#(head),"fixture_id":"fx-damaged",\#(fields),"odd_value":2.5}"#
            case .missingField: #"{"type":"odds_change",\#(head),\#(fields),"odd_value":2.5}"#
            case .nested:
                #"{"type":"odds_change",\#(head),"fixture_id":"fx-damaged",\#(fields),"odd_value":2.5,"extra":"#
                    + String(repeating: "[", count: 100) + String(repeating: "]", count: 100) + "}"
            case .notAnObject: "42"
            default:
                #"{"type":"odds_change",\#(head),"fixture_id":"\#(fixtureID)",\#(fields),"odd_value":\#(odd),"#
                    + #""status":"\#(self == .unknownStatus ? "ajar" : "open")"}"#
            }
        return Array(text.utf8)
    }

    private var fixtureID: String {
        switch self {
        case .emptyID: ""
        case .longID: String(repeating: "x", count: 201)
        case .controlCharacter: #"fx-\u0007"#
        default: "fx-damaged"
        }
    }

    private var odd: String {
        switch self {
        case .oddBelowOne: "0.5"
        case .oddTooHigh: "1000000.5"
        case .oddNotANumber: #""evens""#
        default: "2.5"
        }
    }

    private func time(_ time: Timestamp) -> String {
        switch self {
        case .impossibleTime: "2026-02-30T12:00:00Z"
        case .timeTooEarly: "1985-06-01T12:00:00Z"
        default: time.description
        }
    }
}
