/// Brings files into an object store. An object counts as stored when the store has shown that it holds the file's
/// bytes.
package struct ObjectUpload: Sendable {
    /// What became of a file.
    package struct Result: Sendable, Equatable {
        package let location: ObjectLocation
        package let bytes: Int64
        /// SHA-256 in hexadecimal.
        package let sha256: String
        /// How many requests carried it; 0 when the same file was there already.
        package var sent = 0
        /// Parts that an interrupted attempt had brought there.
        package var found = 0
    }

    private let client: ObjectStoreClient

    package init(_ client: ObjectStoreClient) { self.client = client }

    /// Stores a file with its checksum beside it. Goes on with an upload that was interrupted.
    ///
    /// - Parameters:
    ///   - expected: the file's SHA-256, if somebody knows; another file is not sent.
    ///   - replacing: whether another file may be at `location`.
    /// - Throws: `.occupied` for another file at `location`, `.damaged` when what arrived is not what was sent.
    @discardableResult
    package func push(
        _ path: String, to location: ObjectLocation, expected: String? = nil, replacing: Bool = false
    ) async throws -> Result {
        let file = try SourceFile(path)
        let plan = try await file.plan(partBytes: client.configuration.partBytes)
        if let expected, expected != plan.sha256 { throw ObjectStoreError.changed(path: path) }
        var result = Result(location: location, bytes: plan.bytes, sha256: plan.sha256)
        if try await !isThere(plan, location, replacing) {
            (result.sent, result.found) = try await send(file, plan, to: location)
        }
        try await putNote(plan.sha256, beside: location)
        guard file.isUnchanged else { throw ObjectStoreError.changed(path: path) }
        return result
    }

    private func isThere(_ plan: UploadPlan, _ location: ObjectLocation, _ replacing: Bool) async throws -> Bool {
        guard let object = try await client.head(location) else { return false }
        if try await difference(of: object, from: plan, location) == nil { return true }
        if replacing { return false }
        throw ObjectStoreError.occupied(location)
    }

    /// Sends a file and looks whether it arrived; how many requests it took, and how many parts were there.
    private func send(
        _ file: SourceFile, _ plan: UploadPlan, to location: ObjectLocation
    ) async throws -> (sent: Int, found: Int) {
        guard plan.isMultipart else {
            let piece = try await file.piece(plan.parts[0])
            try await client.put(piece, digest: plan.parts[0].digest, sha256: plan.sha256, at: location)
            try await verify(plan, location)
            return (1, 0)
        }
        let begun = try await unfinished(plan, location)
        let sent = try await sendParts(file, plan, begun, to: location)
        guard let begun else {
            try await verify(plan, location)
            return (sent, 0)
        }
        do {
            try await verify(plan, location)
            return (sent, begun.tags.count)
        } catch ObjectStoreError.damaged {
            // It was begun for another file that only starts like this one, and carries that one's checksum.
            let all = try await sendParts(file, plan, nil, to: location)
            try await verify(plan, location)
            return (sent + all, 0)
        }
    }

    // MARK: Parts

    /// An upload to go on with: its id, and the entity tags of the parts that are there by their numbers.
    private typealias BegunUpload = (id: String, tags: [Int: String])

    /// The newest whose parts are all ours. Others are left alone: they may belong to somebody who is still at it.
    private func unfinished(_ plan: UploadPlan, _ location: ObjectLocation) async throws -> BegunUpload? {
        for upload in try await client.unfinished(location) {
            let parts: [ListedPart]
            do {
                parts = try await client.parts(of: upload.id, at: location)
            } catch ObjectStoreError.refused(let refusal) where refusal.code == "NoSuchUpload" {
                continue
            }
            guard !parts.isEmpty, parts.allSatisfy(plan.holds) else { continue }
            return (upload.id, Dictionary(parts.map { ($0.number, $0.entityTag) }) { $1 })
        }
        return nil
    }

    private func sendParts(
        _ file: SourceFile, _ plan: UploadPlan, _ begun: BegunUpload?, to location: ObjectLocation
    ) async throws -> Int {
        let upload: String
        if let begun { upload = begun.id } else { upload = try await client.begin(location, sha256: plan.sha256) }
        var tags = begun?.tags ?? [:]
        var sent = 0
        for (index, part) in plan.parts.enumerated() where tags[index + 1] == nil {
            let piece = try await file.piece(part)
            tags[index + 1] = try await client.put(
                piece, digest: part.digest, part: index + 1, of: upload, at: location)
            sent += 1
        }
        let parts = plan.parts.enumerated().map { index, part in
            CompletedPart(number: index + 1, entityTag: tags[index + 1] ?? "", checksum: part.digest.checksum)
        }
        try await client.complete(upload, parts, at: location)
        return sent
    }

    // MARK: Verifying

    private func verify(_ plan: UploadPlan, _ location: ObjectLocation) async throws {
        guard let object = try await client.head(location) else {
            throw ObjectStoreError.damaged(location, why: "it is not there after it was stored")
        }
        if let why = try await difference(of: object, from: plan, location) {
            throw ObjectStoreError.damaged(location, why: why)
        }
    }

    /// Nil when the object is the file, as the store's own checksum or, where it has none, the bytes themselves show.
    private func difference(
        of object: StoredObject, from plan: UploadPlan, _ location: ObjectLocation
    ) async throws -> String? {
        switch plan.compare(with: object) {
        case .same: return nil
        case .different(let why): return why
        case .unknown:
            let found = try await ObjectDownload(client).digest(of: location, object)
            return found == plan.sha256 ? nil : "its bytes have the SHA-256 \(found)"
        }
    }

    /// As `sha256sum -c` reads it.
    private func putNote(_ sha256: String, beside location: ObjectLocation) async throws {
        let text = Array("\(sha256)  \(location.name)\n".utf8)
        try await client.put(text, digest: PartDigest(text), sha256: nil, at: location.note)
    }
}
