import CLibPQ

extension ServerFailure {
    /// Reads the fields of an error result.
    init(reading result: OpaquePointer?) {
        func field(_ code: Character) -> String {
            guard let byte = code.asciiValue, let text = PQresultErrorField(result, Int32(byte)) else { return "" }
            return String(cString: text)
        }
        let message = field("M")
        self.init(
            sqlState: field("C"),
            message: message.isEmpty ? PQresultErrorMessage(result).map { String(cString: $0).trimmed } ?? "" : message,
            detail: field("D"), hint: field("H"), context: field("W"), schema: field("s"), table: field("t"),
            column: field("c"), constraint: field("n"))
    }
}

extension String {
    /// Without the white space and line ends that libpq puts behind its messages.
    var trimmed: String {
        let end = lastIndex { !$0.isWhitespace && !$0.isNewline }
        return end.map { String(self[...$0]) } ?? ""
    }
}
