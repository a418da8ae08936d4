import Logging

/// How a line of the log is written.
package enum LogFormat: String, Sendable, CaseIterable {
    /// For people: `2026-05-01T18:30:00.123Z WARNING writer: redis is away feed=a`.
    case text
    /// `ts=… level=… msg="…" component=… key=value …`.
    case logfmt
    /// One JSON object a line, every value a string but `suppressed`.
    case json

    /// One line without its end.
    ///
    /// - Parameter suppressed: how many like it were left out before it.
    func line(_ record: LogRecord, time: String, suppressed: Int) -> String {
        switch self {
        case .text:
            let head = "\(time) \(record.level.rawValue.uppercased()) \(record.component): "
            return head + LogText.escaped(record.message) + Self.pairs(record, suppressed)
        case .logfmt:
            let head = "ts=\(time) level=\(record.level.rawValue) msg=\(LogText.quoted(record.message)) component="
            return head + LogText.value(record.component) + Self.pairs(record, suppressed)
        case .json:
            return Self.object(record, time: time, suppressed: suppressed)
        }
    }

    private static func pairs(_ record: LogRecord, _ suppressed: Int) -> String {
        var text = record.fields.map { " \(LogText.name($0.key))=\(LogText.value($0.value))" }.joined()
        if suppressed > 0 { text += " suppressed=\(suppressed)" }
        return text
    }

    private static func object(_ record: LogRecord, time: String, suppressed: Int) -> String {
        let head = [
            ("ts", time), ("level", record.level.rawValue), ("component", record.component), ("msg", record.message),
        ]
        var members = (head + record.fields.map { ($0.key, $0.value) }).map { key, value in
            "\(LogText.quoted(key)):\(LogText.quoted(value))"
        }
        if suppressed > 0 { members.append("\"suppressed\":\(suppressed)") }
        return "{\(members.joined(separator: ","))}"
    }
}

/// Text as it may stand in a line: a message is one line, whatever is in it.
private enum LogText {
    /// A key of logfmt.
    static func name(_ key: String) -> String {
        String(key.map { $0.isLetter || $0.isNumber || "_.-".contains($0) ? $0 : "_" })
    }

    /// In quotes only when it must be.
    static func value(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy {
            $0.value > 32 && $0.value != 127 && $0 != "\"" && $0 != "=" && $0 != "\\"
        }
        return isPlain && !text.isEmpty ? text : quoted(text)
    }

    /// A string of JSON, which logfmt's readers understand as well.
    static func quoted(_ text: String) -> String { "\"\(escaped(text))\"" }

    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result.append("\\\"")
            case "\\": result.append("\\\\")
            case "\n": result.append("\\n")
            case "\r": result.append("\\r")
            case "\t": result.append("\\t")
            case _ where isControl(scalar):
                let digits = String(scalar.value, radix: 16)
                result.append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// C0, C1, and what some readers take for the end of a line.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 32 || (127...159).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
    }
}
