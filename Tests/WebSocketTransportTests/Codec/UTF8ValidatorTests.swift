import Testing

@testable import WebSocketTransport

@Suite struct UTF8ValidatorTests {
    static let valid: [[UInt8]] = [
        [], Array("plain".utf8), Array("κόσμε Grüße 試合 🏏".utf8), [0x00], [0x7F], [0xC2, 0x80], [0xDF, 0xBF],
        [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80], [0xEF, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80],
        [0xF4, 0x8F, 0xBF, 0xBF],
    ]
    static let invalid: [[UInt8]] = [
        [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x20], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
        [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
        [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xF0, 0x9F, 0x8F],
    ]

    private static func isValid(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes(UTF8Validator.isValid) }

    @Test(arguments: valid) func accepts(bytes: [UInt8]) {
        for padding in [0, 1, 7, 8, 63, 64, 65, 130] {
            let ascii = [UInt8](repeating: 0x61, count: padding)
            #expect(Self.isValid(ascii + bytes + ascii))
        }
    }

    @Test(arguments: invalid) func refuses(bytes: [UInt8]) {
        for padding in [0, 1, 7, 8, 63, 64, 65, 130] {
            let ascii = [UInt8](repeating: 0x61, count: padding)
            #expect(!Self.isValid(ascii + bytes))
        }
    }

    @Test(arguments: valid + invalid) func splittingChangesNothing(bytes: [UInt8]) {
        for split in 0...bytes.count {
            var validator = UTF8Validator()
            let head = Array(bytes[..<split]).withUnsafeBytes { validator.accepts($0) }
            let tail = head && Array(bytes[split...]).withUnsafeBytes { validator.accepts($0) }
            #expect((tail && validator.isAtBoundary) == Self.isValid(bytes))
        }
    }

    @Test func agreesWithTheStandardLibraryOnRandomBytes() {
        var generator = SeededGenerator(seed: 1)
        let leads: [UInt8] = [0x41, 0x80, 0x9F, 0xA0, 0xBF, 0xC2, 0xE0, 0xE1, 0xED, 0xF0, 0xF1, 0xF4, 0x90, 0x8F]
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                leads.randomElement(using: &generator) ?? 0
            }
            #expect(Self.isValid(bytes) == (String(validating: bytes, as: UTF8.self) != nil))
        }
    }
}
