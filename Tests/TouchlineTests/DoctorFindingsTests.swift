import FeedModel
import Foundation
import Testing

@testable import RedisStreams
@testable import Touchline

/// What the facts of servers and machine mean: nothing is wrong with good ones, and what is wrong comes with a remedy.
@Suite struct DoctorFindingsTests {
    private static func redis(
        version: String = "7.0.15", policy: String = "noeviction", limit: Int = 1 << 30, used: Int = 1 << 20,
        isAOFEnabled: Bool = true, _ change: (inout RedisFacts) -> Void = { _ in }
    ) -> [Finding] {
        var facts = RedisFacts(
            server: ServerFacts(
                version: version, runID: "", maxmemoryPolicy: policy, maxmemory: limit, usedMemory: used,
                isAOFEnabled: isAOFEnabled, isLoading: false))
        facts.roundTrips = [.microseconds(300), .microseconds(100), .milliseconds(90)]
        facts.synchronization = "everysec"
        facts.lastWrite = "ok"
        change(&facts)
        return facts.findings
    }

    private static func postgres(_ change: (inout PostgresFacts) -> Void = { _ in }) -> [Finding] {
        var facts = PostgresFacts()
        facts.version = 150_018
        facts.role = "writer"
        facts.settings = [
            "synchronous_commit": "on", "fsync": "on", "full_page_writes": "on", "default_transaction_read_only": "off",
            "server_encoding": "UTF8",
        ]
        facts.neededConnections = 4
        change(&facts)
        return facts.findings
    }

    /// One thing is wrong, and its sentence has these words.
    private static func expect(_ findings: [Finding], isWarning: Bool, _ words: String...) {
        let wrong = findings.filter { $0.problem != nil }
        #expect(wrong.count == 1 && wrong.first?.isWarning == isWarning, "\(findings.map(\.text))")
        #expect(wrong.allSatisfy { $0.remedy?.isEmpty == false })
        for word in words { #expect(wrong.first?.text.contains(word) == true, "\(findings.map(\.text))") }
    }

    @Test func `good servers have no problem`() {
        #expect(Self.redis().allSatisfy { $0.problem == nil })
        #expect(Self.redis().map(\.subject).contains("redis answers a ping in 300 µs"), "the median counts")
        #expect(Self.postgres().allSatisfy { $0.problem == nil })
    }

    @Test func `a wrong Redis`() {
        Self.expect(Self.redis(version: "6.2.7"), isWarning: false, "6.2.7", "upgrade it to 7")
        Self.expect(Self.redis(policy: "allkeys-lru"), isWarning: false, "allkeys-lru", "maxmemory-policy noeviction")
        Self.expect(Self.redis(isAOFEnabled: false), isWarning: true, "append-only", "appendonly yes")
        Self.expect(Self.redis { $0.synchronization = "no" }, isWarning: true, "appendfsync", "everysec")
        Self.expect(Self.redis { $0.lastWrite = "err" }, isWarning: false, "cannot write", "make room")
        Self.expect(Self.redis(used: 950 << 20), isWarning: true, "92 % of maxmemory", "touchline status")
        Self.expect(Self.redis(limit: 0), isWarning: true, "no maxmemory", "maxmemory 2gb")
        Self.expect(
            Self.redis { $0.roundTrips = [.milliseconds(20), .milliseconds(30)] }, isWarning: true, "30 ms", "slowlog")
        Self.expect(Self.redis { $0.clockAhead = .seconds(9) }, isWarning: true, "9 s ahead", "chrony")
        Self.expect(Self.redis { $0.clockAhead = .seconds(-3) }, isWarning: true, "3 s behind", "chrony")
    }

    @Test func `a wrong Postgres`() {
        Self.expect(Self.postgres { $0.version = 140_011 }, isWarning: false, "version 14", "upgrade it to 15")
        Self.expect(Self.postgres { $0.isStandby = true }, isWarning: false, "standby", "target_session_attrs")
        Self.expect(
            Self.postgres { $0.settings["default_transaction_read_only"] = "on" }, isWarning: false, "takes no rows",
            "role that owns")
        Self.expect(
            Self.postgres { $0.settings["server_encoding"] = "SQL_ASCII" }, isWarning: false, "SQL_ASCII", "UTF8")
        Self.expect(
            Self.postgres { $0.settings["synchronous_commit"] = "off" }, isWarning: false, "synchronous_commit",
            "ALTER ROLE")
        Self.expect(
            Self.postgres { $0.settings["fsync"] = "off" }, isWarning: true, "fsync off", "postgresql.conf")
        Self.expect(
            Self.postgres { $0.missingGrants = ["GRANT INSERT ON feeds TO writer"] }, isWarning: false,
            "writer may not",
            "GRANT INSERT ON feeds TO writer")
        Self.expect(Self.postgres { $0.freeConnections = 2 }, isWarning: true, "2 connections left", "max_connections")
        Self.expect(
            Self.postgres { $0.missingPartitions = ["odds_ticks_20260101", "x"] }, isWarning: true,
            "odds_ticks_20260101, nor 1 others", "touchline partitions create")
        Self.expect(Self.postgres { $0.clockAhead = .seconds(60) }, isWarning: true, "60 s ahead", "chrony")
        Self.expect(
            Self.postgres {
                $0.databaseBytes = 100 << 30
                $0.disk = DiskSpace(path: "/var/lib/postgresql", freeBytes: 5 << 30, totalBytes: 200 << 30)
            }, isWarning: true, "/var/lib/postgresql", "5 GiB left", "make room")
    }

    @Test func `a wrong machine`() {
        #expect(Diagnosis.openFiles(limit: 65_536).problem == nil)
        Self.expect([Diagnosis.openFiles(limit: 1_024)], isWarning: true, "1024", "LimitNOFILE")
        Self.expect([Diagnosis.openFiles(limit: 100)], isWarning: false, "100", "ulimit -n")
        let disk = DiskSpace(path: "/srv", freeBytes: 3 << 30, totalBytes: 100 << 30)
        Self.expect([disk.finding("spool", needed: 4 << 30, for: "x")], isWarning: true, "3 GiB left", "4 GiB for x")
        Self.expect([disk.finding("spool", needed: 1, for: "x")], isWarning: true, "nearly full", "make room")
        #expect(DiskSpace(at: "/tmp/not/there/yet")?.totalBytes ?? 0 > 0)
    }

    @Test(arguments: [
        ("cannot connect: refused", "set its url"), ("the upgrade was refused with status 401", "credentials"),
        ("TLS failed: unknown authority", "tls"), ("the token file /x cannot be read", "token_file"),
        ("the login at http://l failed", "its login"), ("status 404", "its url"),
    ]) func `a feed's trouble has a remedy`(problem: String, word: String) {
        #expect(FeedRemedy.of(problem).contains(word))
    }

    @Test func `JSON has the sentence with the remedy`() throws {
        let json = try DoctorCommand.document([
            Finding("a"), Finding("b", problem: "is wrong", remedy: "mend it", isWarning: true),
        ])
        let findings = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: String]])
        let expected = [
            ["subject": "a", "state": "ok"], ["subject": "b", "state": "warning", "problem": "is wrong: mend it"],
        ]
        #expect(findings == expected)
    }
}
