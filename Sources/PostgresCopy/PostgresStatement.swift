import CLibPQ

/// A statement with its parameters, ready to be sent: prepared on first use, remembered by its text and parameter types.
package struct PostgresStatement: Sendable {
    package let sql: String
    package let parameters: [PostgresValue]
    /// The answer comes in binary form, which is smaller and needs no parsing; as text for people.
    package let isBinary: Bool

    package init(_ sql: String, _ parameters: [PostgresValue] = [], isBinary: Bool = true) {
        self.sql = sql
        self.parameters = parameters
        self.isBinary = isBinary
    }

    /// Queues the execution of the prepared statement `name`.
    func send(on handle: OpaquePointer, as name: String) -> Int32 {
        // One run of bytes for all parameters, so that every pointer stays valid through one scope. The byte in front gives
        // an empty value an address, because libpq takes a null pointer for NULL.
        let lengths = parameters.map { Int32($0.bytes?.count ?? 0) }
        let formats = [Int32](repeating: 1, count: parameters.count)
        let bytes = parameters.reduce(into: [UInt8(0)]) { all, value in all += value.bytes ?? [] }
        return bytes.withUnsafeBytes { bytes in
            var offset = 1
            let values = parameters.map { value -> UnsafePointer<CChar>? in
                guard let count = value.bytes?.count, let base = bytes.baseAddress else { return nil }
                defer { offset += count }
                return (base + offset).assumingMemoryBound(to: CChar.self)
            }
            return PQsendQueryPrepared(
                handle, name, Int32(parameters.count), values, lengths, formats, isBinary ? 1 : 0)
        }
    }
}
