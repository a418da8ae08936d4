/// `s3://bucket/key`: an object, or what the names of several begin with.
package struct ObjectLocation: Sendable, Hashable, CustomStringConvertible {
    package let bucket: String
    /// As it is, nothing encoded; empty for the whole bucket.
    package let key: String

    private static let scheme = "s3://"
    /// What every server takes.
    private static let maximumKeyBytes = 1_024

    /// Whether somebody meant an object store and not a file.
    package static func isURL(_ text: String) -> Bool { text.lowercased().hasPrefix(scheme) }

    package init(bucket: String, key: String) {
        self.bucket = bucket
        self.key = key
    }

    package init(url text: String) throws(ObjectStoreError) {
        guard Self.isURL(text) else { throw .location(text, why: "it must begin with s3://") }
        let rest = text.dropFirst(Self.scheme.count)
        let bucket = rest.prefix { $0 != "/" }
        let key = rest.dropFirst(bucket.count + 1)
        guard Self.isBucketName(bucket) else {
            throw .location(text, why: "a bucket's name has 3 to 63 letters, digits, dots and hyphens")
        }
        guard key.utf8.count <= Self.maximumKeyBytes, key.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw .location(text, why: "a key has at most 1024 bytes and no control characters")
        }
        // Servers and what stands before them disagree about what such names mean.
        guard !key.split(separator: "/", omittingEmptySubsequences: false).contains(where: { $0 == "." || $0 == ".." })
        else { throw .location(text, why: "'.' and '..' are no names") }
        self.init(bucket: String(bucket), key: String(key))
    }

    private static func isBucketName(_ name: Substring) -> Bool {
        (3...63).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
                    || "-._".utf8.contains(byte)
            }
    }

    /// What follows the last slash.
    package var name: String { String(key[(key.lastIndex(of: "/").map { key.index(after: $0) } ?? key.startIndex)...]) }

    /// The object `name` in what this location names as a folder.
    package func appending(_ name: String) -> ObjectLocation {
        ObjectLocation(bucket: bucket, key: key.isEmpty || key.hasSuffix("/") ? key + name : "\(key)/\(name)")
    }

    /// Where the object's checksum is kept, as `sha256sum -c` reads it.
    package var note: ObjectLocation { ObjectLocation(bucket: bucket, key: key + Self.noteSuffix) }

    /// How the names of checksums end.
    package static let noteSuffix = ".sha256"

    package var isNote: Bool { key.hasSuffix(Self.noteSuffix) }

    package var description: String { "\(Self.scheme)\(bucket)/\(key)" }
}
