import Testing

@testable import WebSocketTransport

@Suite struct HandshakeKeyTests {
    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
    ])
    func digestsAreThoseOfTheStandard(text: String, hexadecimal: String) {
        let digits = SHA1.digest(of: Array(text.utf8)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        #expect(digits.joined() == hexadecimal)
    }

    @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")])
    func base64IsThatOfTheStandard(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
    }

    @Test func acceptIsThatOfTheStandard() {
        #expect(HandshakeKey.accept(for: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test func freshKeysAreValidAndDiffer() {
        var generator = SystemRandomNumberGenerator()
        let keys = (0..<10).map { _ in HandshakeKey.random(using: &generator) }
        #expect(keys.allSatisfy(HandshakeKey.isValid))
        #expect(Set(keys).count == 10)
        for wrong in ["", "AAAA", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25j!Q=="] {
            #expect(!HandshakeKey.isValid(wrong))
        }
    }
}
