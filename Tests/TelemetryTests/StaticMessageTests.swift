import Foundation
import Testing

/// Messages of the log are fixed texts: what differs is in their keys, so that they can be counted and limited.
struct StaticMessageTests {
    @Test func noMessageHasAValueInIt() throws {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        let sources = root.appendingPathComponent("Sources")
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var calls = 0
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for call in text.matches(of: /logger\.(trace|debug|info|notice|warning|error|critical)\(\s*"([^"]*)"/) {
                calls += 1
                #expect(!call.2.contains(#"\("#), "\(file.lastPathComponent): \(call.2)")
            }
        }
        #expect(calls > 60, "nothing was looked at")
    }
}
