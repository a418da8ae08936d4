import Synchronization

/// Hides what must never be printed: passwords in URLs, values whose name says that they are secret, and what the
/// process was told is one.
package enum SecretMask {
    /// What stands for a secret.
    package static let mask = "***"

    /// Shorter ones cannot be told from words.
    private static let shortestKnown = 6
    private static let known = Mutex<[String]>([])

    private static let words = ["password", "passwd", "secret", "token", "authorization", "api_key", "apikey"]

    /// Whether a key's values are secrets.
    package static func isSecret(key: String) -> Bool {
        let key = key.lowercased()
        return words.contains { key == $0 || key.hasSuffix("_\($0)") || key.hasSuffix("-\($0)") }
    }

    /// From now on hides `secret` wherever it stands, such as a token that a server repeats in its error.
    package static func hide(_ secret: String) {
        guard secret.utf8.count >= shortestKnown else { return }
        known.withLock { known in
            guard !known.contains(secret) else { return }
            // Tokens from logins change: what is long gone needs no hiding.
            if known.count >= 1_000 { known.removeFirst() }
            known.append(secret)
        }
    }

    /// `text` with the password of every URL in it, every `password=…`, `token=…` and `Bearer …`, and every secret that
    /// is known replaced.
    package static func masked(_ text: String) -> String {
        let known = known.withLock { $0 }
        var text = text
        for secret in known where text.contains(secret) { text = text.replacing(secret, with: mask) }
        var characters = Array(text.utf8)
        maskUserInformation(&characters)
        for word in words { maskAssignment(word, &characters) }
        maskFollowing("bearer ", &characters)
        return String(decoding: characters, as: UTF8.self)
    }

    /// `scheme://user:password@host`: from the colon to the last `@` of the word. A password that should have been
    /// percent-encoded may have any of `/?#@` in it; rather is a path hidden that has an `@`.
    private static func maskUserInformation(_ bytes: inout [UInt8]) {
        var start = 0
        while let scheme = find("://", in: bytes, from: start) {
            let authority = scheme + 3
            let end = bytes[authority...].firstIndex { isEndOfURL($0) } ?? bytes.count
            start = authority
            guard let at = bytes[authority..<end].lastIndex(of: UInt8(ascii: "@")),
                let colon = bytes[authority..<at].firstIndex(of: UInt8(ascii: ":"))
            else { continue }
            bytes.replaceSubrange(colon + 1..<at, with: mask.utf8)
        }
    }

    /// `password=value`, `"token": "value"`: up to what ends the value.
    private static func maskAssignment(_ word: String, _ bytes: inout [UInt8]) {
        var start = 0
        while let found = find(word, in: bytes, from: start) {
            start = found + word.utf8.count
            var value = start
            if value < bytes.count, bytes[value] == UInt8(ascii: "\"") { value += 1 }
            guard value < bytes.count, bytes[value] == UInt8(ascii: "=") || bytes[value] == UInt8(ascii: ":") else {
                continue
            }
            value += 1
            while value < bytes.count, bytes[value] == UInt8(ascii: " ") || bytes[value] == UInt8(ascii: "\"") {
                value += 1
            }
            start = replaceValue(at: value, &bytes)
        }
    }

    private static func maskFollowing(_ word: String, _ bytes: inout [UInt8]) {
        var start = 0
        while let found = find(word, in: bytes, from: start) {
            start = replaceValue(at: found + word.utf8.count, &bytes)
        }
    }

    private static func replaceValue(at start: Int, _ bytes: inout [UInt8]) -> Int {
        let end = bytes[start...].firstIndex { isEndOfValue($0) } ?? bytes.count
        guard end > start else { return start }
        // "Authorization: Bearer abc": the scheme is no secret, what follows it is masked by its own rule.
        if bytes[start..<end].elementsEqual("Bearer".utf8) { return end }
        bytes.replaceSubrange(start..<end, with: mask.utf8)
        return start + mask.utf8.count
    }

    /// Without regard to case; `word` is in lower case.
    private static func find(_ word: String, in bytes: [UInt8], from start: Int) -> Int? {
        let word = Array(word.utf8)
        guard bytes.count >= start + word.count else { return nil }
        return (start...bytes.count - word.count).first { offset in
            word.indices.allSatisfy { lowercased(bytes[offset + $0]) == word[$0] }
        }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }

    private static func isEndOfURL(_ byte: UInt8) -> Bool {
        byte <= UInt8(ascii: " ") || "\"'".utf8.contains(byte)
    }

    private static func isEndOfValue(_ byte: UInt8) -> Bool {
        byte <= UInt8(ascii: " ") || "&,;\"'})]".utf8.contains(byte)
    }
}
