import DevServices
import Foundation
import TestSupport
import Testing

/// The database of a pipeline under test, as an analyst sees it.
struct PipelineDatabase {
    /// The last part of its URL.
    let name: String

    init(_ url: String) { name = url.split(separator: "/").last.map { String($0.prefix { $0 != "?" }) } ?? "" }

    /// What psql prints: unaligned, columns separated by `|`.
    func value(_ sql: String) async throws -> String {
        try await TestServers.postgres().execute(sql, database: name)
    }

    func lines(_ sql: String) async throws -> [String] {
        try await value(sql).split(separator: "\n").map(String.init)
    }

    func count(_ table: String) async throws -> Int64 {
        Int64(try await value("SELECT count(*) FROM \(table)")) ?? -1
    }

    /// Waits until a query's answer is true; records an issue when it is not in time.
    func until(_ condition: String, seconds: Int = 30) async throws {
        for _ in 0..<seconds * 10 {
            if try await value(condition) == "t" { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("not true within \(seconds) s: \(condition)")
    }

    /// Waits until a table has not grown for three seconds.
    func untilQuiet(_ table: String) async throws {
        var last: Int64 = -1
        while true {
            let now = try await count(table)
            if now == last { return }
            last = now
            try await Task.sleep(for: .seconds(3))
        }
    }

    func untilRows(reach count: Int64, seconds: Int = 60) async throws {
        try await until("SELECT count(*) >= \(count) FROM odds_ticks", seconds: seconds)
    }
}

extension StageProcesses {
    /// Ends everything: each process must end by itself with 0.
    func expectCleanEnd() async {
        let isClean = await stop()
        let lastWords = complaints()
        #expect(isClean, "\(lastWords)")
        removeFiles()
    }
}
