import Crypto
import Foundation

/// The digests of some bytes.
struct PartDigest: Sendable, Equatable {
    let sha256: [UInt8]
    /// What an entity tag is, where a store has nothing better.
    let md5: [UInt8]

    init(_ bytes: [UInt8]) {
        sha256 = Array(SHA256.hash(data: bytes))
        md5 = Array(Insecure.MD5.hash(data: bytes))
    }

    /// As the `x-amz-checksum-sha256` field has it.
    var checksum: String { Data(sha256).base64EncodedString() }
}

/// How a file is cut, and what each piece and the whole must be. Pure.
struct UploadPlan: Sendable, Equatable {
    struct Part: Sendable, Equatable {
        let offset: Int64
        let count: Int
        let digest: PartDigest
    }

    let bytes: Int64
    /// Of the whole file, in hexadecimal.
    let sha256: String
    /// At least one, and one alone for what goes in a single request.
    let parts: [Part]

    private static let maximumParts: Int64 = 10_000

    /// The size of parts of a file: as configured, or larger where there would be more of them than a store takes.
    static func partBytes(of bytes: Int64, configured: Int) -> Int {
        let least = (bytes + maximumParts - 1) / maximumParts
        let megabyte: Int64 = 1 << 20
        return max(configured, Int((least + megabyte - 1) / megabyte * megabyte))
    }

    var isMultipart: Bool { parts.count > 1 }

    /// What the store must say in `x-amz-checksum-sha256`.
    var checksum: String {
        guard isMultipart else { return parts[0].digest.checksum }
        let all = SHA256.hash(data: parts.flatMap(\.digest.sha256))
        return "\(Data(all).base64EncodedString())-\(parts.count)"
    }

    /// What the entity tag is where it is made of MD5s, without quotation marks.
    var entityTag: String {
        guard isMultipart else { return parts[0].digest.md5.hexadecimal }
        return "\(Insecure.MD5.hash(data: parts.flatMap(\.digest.md5)).hexadecimal)-\(parts.count)"
    }

    /// Whether the store's part is ours.
    func holds(_ part: ListedPart) -> Bool {
        guard parts.indices.contains(part.number - 1) else { return false }
        let ours = parts[part.number - 1]
        guard part.bytes == Int64(ours.count) else { return false }
        if let checksum = part.checksum { return checksum == ours.digest.checksum }
        return part.entityTag.unquoted == ours.digest.md5.hexadecimal
    }

    // MARK: Comparing

    enum Comparison: Equatable {
        case same
        case different(String)
        /// Nothing that the store says depends on the bytes: they have to be read.
        case unknown
    }

    func compare(with object: StoredObject) -> Comparison {
        guard object.bytes == bytes else { return .different("it has \(object.bytes) bytes instead of \(bytes)") }
        guard object.sha256 == sha256 else {
            return .different(object.sha256.map { "its SHA-256 is said to be \($0)" } ?? "it has no SHA-256 of ours")
        }
        if let stored = object.checksum {
            if stored == checksum || stored == whole { return .same }
            // With another number of parts it is made of other pieces, and tells nothing.
            if Self.form(of: stored) == Self.form(of: checksum) { return .different("its bytes have another checksum") }
        }
        return object.entityTag?.unquoted == entityTag ? .same : .unknown
    }

    /// The digest of the whole in base64.
    private var whole: String { Data(sha256.hexadecimalBytes).base64EncodedString() }

    private static func form(of checksum: String) -> Substring {
        checksum.firstIndex(of: "-").map { checksum[$0...] } ?? ""
    }
}

/// A part as the request that ends an upload names it.
struct CompletedPart: Sendable {
    let number: Int
    let entityTag: String
    let checksum: String

    static func document(_ parts: [CompletedPart]) -> String {
        let lines = parts.sorted { $0.number < $1.number }.map { part in
            "<Part><PartNumber>\(part.number)</PartNumber><ETag>\(part.entityTag.xmlEscaped)</ETag>"
                + "<ChecksumSHA256>\(part.checksum)</ChecksumSHA256></Part>"
        }
        return #"<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">"# + lines.joined()
            + "</CompleteMultipartUpload>"
    }
}

extension String {
    fileprivate var unquoted: String { filter { $0 != "\"" } }

    fileprivate var xmlEscaped: String {
        replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
    }

    fileprivate var hexadecimalBytes: [UInt8] {
        let digits = Array(utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
    }
}
