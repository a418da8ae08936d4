import Logging

/// One line of the log in logfmt: `ts=… level=… msg="…" key=value …`.
enum LogLine {
    /// Everything but the time: what makes two lines the same.
    static func body(
        level: Logger.Level, message: String, logger: String, metadata: Logger.Metadata
    ) -> String {
        var line = "level=\(level.rawValue) msg=\(quoted(SecretMask.masked(message))) logger=\(value(logger))"
        for (key, content) in metadata.sorted(by: { $0.key < $1.key }) {
            let text = SecretMask.isSecret(key: key) ? SecretMask.mask : SecretMask.masked("\(content)")
            line.append(" \(name(key))=\(value(text))")
        }
        return line
    }

    private static func name(_ key: String) -> String {
        String(key.map { $0.isLetter || $0.isNumber || "_.-".contains($0) ? $0 : "_" })
    }

    /// In quotes only when it must be.
    private static func value(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { $0.value > 32 && $0 != "\"" && $0 != "=" && $0 != "\\" }
        return isPlain && !text.isEmpty ? text : quoted(text)
    }

    /// A message is one line, whatever is in it.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result.append("\\\"")
            case "\\": result.append("\\\\")
            case "\n": result.append("\\n")
            case "\r": result.append("\\r")
            case "\t": result.append("\\t")
            case _ where scalar.value < 32 || scalar.value == 127:
                let digits = String(scalar.value, radix: 16)
                result.append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
