import Foundation
import TestSupport
import Testing

/// The history of `examples/analysts` in a database of its own, and our program to look at it with.
enum ExampleHistory {
    static func with(_ body: (StageProcesses, PipelineDatabase) async throws -> Void) async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let history = try String(
            contentsOf: root.appendingPathComponent("examples/analysts/history.sql"), encoding: .utf8)
        try await TestServers.withDatabase { url in
            let program = try StageProcesses(configuration: "postgres: { url: \"\(url)\" }")
            #expect(try await program.run(["migrate"]).code == 0)
            let database = PipelineDatabase(url)
            _ = try await database.value(history)
            try await body(program, database)
            await program.removeFiles()
        }
    }
}
