import Crypto
import ExportFiles

/// Brings objects back into files, in pieces, so that memory stays small and a broken connection costs one piece.
package struct ObjectDownload: Sendable {
    /// What was fetched.
    package struct Result: Sendable, Equatable {
        package let bytes: Int64
        /// SHA-256 in hexadecimal.
        package let sha256: String
    }

    private let client: ObjectStoreClient

    package init(_ client: ObjectStoreClient) { self.client = client }

    /// Fetches an object into a file, which appears under its name when its bytes are those that were stored, or not
    /// at all.
    ///
    /// - Throws: `.missing`, `.damaged`, `.unverifiable`; `ExportError` for what the disk refuses.
    @discardableResult
    package func fetch(_ location: ObjectLocation, to path: String) async throws -> Result {
        guard let object = try await client.head(location) else { throw ObjectStoreError.missing(location) }
        let expected = try await checksum(of: object, location)
        let file = try PartialFile(path)
        let found = try await read(location, object) { try file.write($0) }
        guard found == expected else {
            throw ObjectStoreError.damaged(location, why: "its SHA-256 is \(found) and should be \(expected)")
        }
        try file.commit()
        return Result(bytes: object.bytes, sha256: found)
    }

    /// The SHA-256 that an object must have, in hexadecimal.
    package func expected(of location: ObjectLocation) async throws -> String {
        guard let object = try await client.head(location) else { throw ObjectStoreError.missing(location) }
        return try await checksum(of: object, location)
    }

    /// The SHA-256 of an object's bytes as they are there.
    func digest(of location: ObjectLocation, _ object: StoredObject) async throws -> String {
        try await read(location, object) { _ in }
    }

    /// What the metadata says, and the note beside it; they must agree.
    private func checksum(of object: StoredObject, _ location: ObjectLocation) async throws -> String {
        let noted = try await note(of: location)
        if let noted, let said = object.sha256, noted != said {
            throw ObjectStoreError.damaged(
                location, why: "its metadata has the SHA-256 \(said), \(location.note) \(noted)")
        }
        guard let expected = object.sha256 ?? noted else { throw ObjectStoreError.unverifiable(location) }
        return expected
    }

    private func note(of location: ObjectLocation) async throws -> String? {
        guard let note = try await client.head(location.note), note.bytes <= Self.noteLimit else { return nil }
        let text = String(decoding: try await client.get(location.note), as: UTF8.self)
        return text.split(whereSeparator: \.isWhitespace).first.map { $0.lowercased() }
    }

    private static let noteLimit = 64 << 10
    private static let pieceBytes: Int64 = 8 << 20

    /// Reads all of an object, of one version of it; its SHA-256.
    private func read(
        _ location: ObjectLocation, _ object: StoredObject, _ take: ([UInt8]) throws -> Void
    ) async throws -> String {
        var hash = SHA256()
        for start in stride(from: 0, to: object.bytes, by: Int64.Stride(Self.pieceBytes)) {
            let range = start..<min(start + Self.pieceBytes, object.bytes)
            let piece = try await client.get(location, range: range, entityTag: object.entityTag)
            guard piece.count == range.count else {
                throw ObjectStoreError.damaged(location, why: "\(piece.count) bytes came instead of \(range.count)")
            }
            hash.update(data: piece)
            try take(piece)
        }
        return hash.finalize().hexadecimal
    }
}
