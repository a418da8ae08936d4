import WebSocketTransport

/// What a store says of one object.
struct StoredObject: Sendable, Equatable {
    let bytes: Int64
    /// With its quotation marks, as the store wants it back.
    let entityTag: String?
    /// `x-amz-checksum-sha256`: of the object, or of its parts' checksums with their number behind it. Nil where the
    /// store has none.
    let checksum: String?
    /// What whoever sent it said of all its bytes, in hexadecimal.
    let sha256: String?

    /// The field of an object's own metadata.
    static let metadataField = "x-amz-meta-sha256"
    static let checksumField = "x-amz-checksum-sha256"

    init(bytes: Int64, entityTag: String? = nil, checksum: String? = nil, sha256: String? = nil) {
        self.bytes = bytes
        self.entityTag = entityTag
        self.checksum = checksum
        self.sha256 = sha256
    }

    /// Nil when the answer does not even say how long the object is.
    init?(_ headers: HTTPFields) {
        guard let bytes = headers["content-length"].flatMap({ Int64($0) }) else { return nil }
        self.init(
            bytes: bytes, entityTag: headers["etag"], checksum: headers[Self.checksumField],
            sha256: headers[Self.metadataField]?.lowercased())
    }
}

/// An object in a list.
package struct ListedObject: Sendable, Equatable {
    package let location: ObjectLocation
    package let bytes: Int64
    /// As the store writes it: `2026-11-22T02:50:15.000Z`.
    package let modified: String
}

/// A page of a list.
struct ListPage<Element: Sendable>: Sendable {
    let elements: [Element]
    /// What the request for the next page has in its query; nil on the last.
    let next: [(name: String, value: String)]?
}

/// A multipart upload that was begun and not ended.
struct UnfinishedUpload: Sendable, Equatable {
    let id: String
    let initiated: String
}

/// A part that the store has.
struct ListedPart: Sendable, Equatable {
    let number: Int
    let bytes: Int64
    let entityTag: String
    /// SHA-256 in base64, where the store has it.
    let checksum: String?
}

extension ListPage<ListedObject> {
    init?(_ answer: [UInt8], bucket: String) {
        guard let root = XMLNode(answer) else { return nil }
        elements = root.all("Contents").compactMap { node in
            guard let key = node["Key"], let bytes = node["Size"].flatMap({ Int64($0) }) else { return nil }
            return ListedObject(
                location: ObjectLocation(bucket: bucket, key: key), bytes: bytes, modified: node["LastModified"] ?? "")
        }
        let token = root["IsTruncated"] == "true" ? root["NextContinuationToken"] : nil
        next = token.map { [("continuation-token", $0)] }
    }
}

extension ListPage<UnfinishedUpload> {
    /// - Parameter key: uploads of others, whose key only begins like it, are left out.
    init?(_ answer: [UInt8], key: String) {
        guard let root = XMLNode(answer) else { return nil }
        elements = root.all("Upload").compactMap { node in
            guard node["Key"] == key, let id = node["UploadId"] else { return nil }
            return UnfinishedUpload(id: id, initiated: node["Initiated"] ?? "")
        }
        let marker = root["IsTruncated"] == "true" ? root["NextKeyMarker"] : nil
        next = marker.map { [("key-marker", $0), ("upload-id-marker", root["NextUploadIdMarker"] ?? "")] }
    }
}

extension ListPage<ListedPart> {
    init?(_ answer: [UInt8]) {
        guard let root = XMLNode(answer) else { return nil }
        elements = root.all("Part").compactMap { node in
            guard let number = node["PartNumber"].flatMap({ Int($0) }), let bytes = node["Size"].flatMap({ Int64($0) }),
                let tag = node["ETag"]
            else { return nil }
            return ListedPart(number: number, bytes: bytes, entityTag: tag, checksum: node["ChecksumSHA256"])
        }
        let marker = root["IsTruncated"] == "true" ? root["NextPartNumberMarker"] : nil
        next = marker.map { [("part-number-marker", $0)] }
    }
}
