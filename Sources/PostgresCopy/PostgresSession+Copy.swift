import CLibPQ

extension PostgresSession {
    /// `COPY … FROM STDIN`, several in a row, without waiting between one's end and the next one's start.
    ///
    /// - Parameters:
    ///   - statements: the COPY statements; at least one.
    ///   - committing: sends COMMIT together with them, which saves a round trip: nothing may follow in this transaction. A
    ///     refused row still undoes all of it.
    ///   - feed: called for each statement in order, when the server is ready for its data. If it throws, the transaction is
    ///     undone and the connection closed.
    /// - Returns: rows that each statement stored.
    package func copyIn(
        _ statements: [String], committing: Bool = false, _ feed: (Int, borrowing CopyStream) throws -> Void
    ) throws -> [Int] {
        let text = takeBegin(with: (statements + (committing ? ["COMMIT"] : [])).joined(separator: ";"))
        try link.send("COPY") { PQsendQuery($0, text) }
        var counts: [Int] = []
        var fed = 0
        var lastTag = ""
        var refusal: PostgresError?
        while let result = try link.nextResult() {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COPY_IN:
                try give(fed, feed)
                fed += 1
            case PGRES_FATAL_ERROR: refusal = refusal ?? link.failure(from: result)
            default:
                lastTag = PQcmdStatus(result).map { String(cString: $0) } ?? ""
                if lastTag.hasPrefix("COPY ") { counts.append(Int(lastTag.dropFirst(5)) ?? 0) }
            }
        }
        // A refused COPY leaves nothing to go on with: a fresh connection is cheaper than wondering about this one.
        if let refusal { link.close("a COPY was refused: \(refusal)") }
        try link.rethrow(refusal)
        if committing, lastTag != "COMMIT" { throw PostgresError.unexpectedResult("COMMIT answered \(lastTag)") }
        return counts
    }

    /// `COPY … FROM STDIN WITH (FORMAT binary)` of all rows of an encoder. Returns the rows stored.
    package func copyIn(
        _ statement: String, from encoder: borrowing BinaryCopyEncoder, committing: Bool = false
    ) throws -> Int {
        let counts = try copyIn([statement], committing: committing) { _, stream in try stream.write(encoder) }
        return counts.first ?? 0
    }

    private func give(_ index: Int, _ feed: (Int, borrowing CopyStream) throws -> Void) throws {
        do {
            try feed(index, CopyStream(link: link))
        } catch let error as PostgresError {
            link.close("a COPY was given up: \(error)")
            throw error
        } catch {
            // The server hears of it before the connection goes, so that its log says what happened.
            try? link.send("end of COPY") { PQputCopyEnd($0, "given up by the client") }
            link.close("a COPY was given up: \(error)")
            throw error
        }
        try link.send("end of COPY") { PQputCopyEnd($0, nil) }
    }

    /// `COPY … TO STDOUT`: `receive` gets the data piece by piece, a row at a time. Returns the rows.
    package func copyOut(_ statement: String, _ receive: (UnsafeRawBufferPointer) throws -> Void) throws -> Int {
        let text = takeBegin(with: statement)
        try link.send("COPY") { PQsendQuery($0, text) }
        var count = 0
        var refusal: PostgresError?
        while let result = try link.nextResult() {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COPY_OUT: try link.receiveCopy(receive)
            case PGRES_FATAL_ERROR: refusal = refusal ?? link.failure(from: result)
            default: count = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
            }
        }
        try link.rethrow(refusal)
        return count
    }
}

/// The server's end of one COPY, open for data.
package struct CopyStream: ~Copyable {
    let link: PostgresLink

    /// One message of the protocol: large enough that its head does not count, small enough that libpq's buffer stays small.
    private static let chunkBytes = 128 * 1024

    /// Sends bytes of the COPY's format, in pieces.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) {
        // A server that has already refused the COPY throws its data away and has nothing left to cancel.
        if link.canceller.wasAsked { throw .cancelled }
        var start = 0
        while start < bytes.count {
            let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + Self.chunkBytes, bytes.count)])
            let base = piece.baseAddress?.assumingMemoryBound(to: CChar.self)
            try link.send("COPY data") { PQputCopyData($0, base, Int32(piece.count)) }
            start += piece.count
        }
    }

    /// Sends all rows of an encoder, or those of `ranges`, with header and trailer.
    package func write(
        _ encoder: borrowing BinaryCopyEncoder, rows ranges: [Range<Int>]? = nil
    ) throws(PostgresError) {
        try write(BinaryCopyEncoder.header)
        for range in ranges ?? [0..<encoder.rowCount] {
            try encoder.withRows(range) { (bytes) throws(PostgresError) in try write(bytes) }
        }
        try write(BinaryCopyEncoder.trailer)
    }

    private func write(_ bytes: [UInt8]) throws(PostgresError) {
        try link.send("COPY data") { handle in
            bytes.withUnsafeBytes {
                PQputCopyData(handle, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count))
            }
        }
    }
}

extension PostgresLink {
    /// Reads the data of a COPY TO until its end.
    func receiveCopy(_ receive: (UnsafeRawBufferPointer) throws -> Void) throws {
        while let piece = try nextCopyData() {
            defer { PQfreemem(piece.baseAddress) }
            do {
                try receive(UnsafeRawBufferPointer(piece))
            } catch {
                close("a COPY was given up: \(error)")
                throw error
            }
        }
    }
}
