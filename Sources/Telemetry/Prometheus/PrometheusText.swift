/// The spelling rules of Prometheus' text format 0.0.4.
enum PrometheusText {
    /// The content type of `/metrics`.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// A valid metric name: what is not permitted becomes `_`.
    static func metricName(_ label: String) -> String { name(label, permittingColon: true) }

    /// `{name="value",…}` in the given order, or nothing.
    static func labels(_ dimensions: [(String, String)]) -> String {
        guard !dimensions.isEmpty else { return "" }
        let pairs = dimensions.map { "\(name($0.0, permittingColon: false))=\"\(escaped($0.1, quotes: true))\"" }
        return "{" + pairs.joined(separator: ",") + "}"
    }

    /// Backslashes and line ends, and quotes in label values.
    static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result.append("\\\\")
            case "\n", "\r\n": result.append("\\n")
            case "\"" where quotes: result.append("\\\"")
            default: result.append(character)
            }
        }
        return result
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return "\(value)"
    }

    private static func name(_ text: String, permittingColon: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            let isPermitted =
                switch scalar {
                case "a"..."z", "A"..."Z", "_": true
                case "0"..."9": !result.isEmpty
                case ":": permittingColon
                default: false
                }
            result.unicodeScalars.append(isPermitted ? scalar : "_")
        }
        return result.isEmpty ? "_" : result
    }
}
