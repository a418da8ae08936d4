extension String {
    /// The text as JSON writes it. Control characters, which no id or token has, are left out.
    var jsonQuoted: String {
        var result = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20: break
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension [String] {
    /// The texts as a JSON list.
    var jsonList: String { "[" + map(\.jsonQuoted).joined(separator: ",") + "]" }
}
