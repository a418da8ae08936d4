import FoundationEssentials
import Synchronization
import Telemetry
import Testing

struct HealthRegistryTests {
    /// A clock that tests move.
    private final class Clock: Sendable {
        private let time = Mutex<Int64>(1_777_660_200_123_456)
        var now: Int64 { time.withLock { $0 } }
        func advance(seconds: Int64) { time.withLock { $0 += seconds * 1_000_000 } }
    }

    private struct Document: Decodable {
        struct Component: Decodable {
            var state, since: String
            var required: Bool
            var error, last_error, last_error_at: String?
        }
        var ready: Bool
        var components: [String: Component]
    }

    private func document(_ registry: HealthRegistry) throws -> Document {
        let (isReady, json) = registry.readyDocument()
        let document = try JSONDecoder().decode(Document.self, from: Data(json.utf8))
        #expect(document.ready == isReady)
        #expect(registry.isReady == isReady)
        return document
    }

    @Test func nothingExpectedIsReady() throws {
        let registry = HealthRegistry()
        #expect(registry.readyDocument().json == #"{"components":{},"ready":true}"#)
    }

    @Test func anExpectedComponentIsDownUntilItReports() throws {
        let clock = Clock()
        let registry = HealthRegistry { clock.now }
        registry.expect("redis")
        var redis = try #require(try document(registry).components["redis"])
        #expect(redis.state == "down")
        #expect(redis.error == "not connected yet")
        #expect(redis.since == "2026-05-01T18:30:00.123Z")
        #expect(redis.required)
        #expect(!registry.isReady)
        clock.advance(seconds: 2)
        registry.report("redis", .up)
        redis = try #require(try document(registry).components["redis"])
        #expect(redis.state == "up")
        #expect(redis.error == nil)
        #expect(redis.since == "2026-05-01T18:30:02.123Z")
        #expect(registry.isReady)
    }

    @Test func theLastErrorIsKeptAfterRecovery() throws {
        let clock = Clock()
        let registry = HealthRegistry { clock.now }
        registry.report("postgres", .up)
        clock.advance(seconds: 1)
        registry.report("postgres", .down("connection refused"))
        clock.advance(seconds: 1)
        registry.report("postgres", .down("the database system is starting up"))
        var postgres = try #require(try document(registry).components["postgres"])
        // Down since the first failure, whatever the errors were after it.
        #expect(postgres.since == "2026-05-01T18:30:01.123Z")
        #expect(postgres.error == "the database system is starting up")
        clock.advance(seconds: 1)
        registry.report("postgres", .up)
        postgres = try #require(try document(registry).components["postgres"])
        #expect(postgres.state == "up")
        #expect(postgres.last_error == "the database system is starting up")
        #expect(postgres.last_error_at == "2026-05-01T18:30:02.123Z")
    }

    @Test func degradedAndOptionalComponentsDoNotBlockReadiness() throws {
        let registry = HealthRegistry()
        registry.expect("feed book-b", isOptional: true)
        registry.report("redis", .degraded("append-only file is off"))
        #expect(registry.isReady)
        #expect(try document(registry).components["feed book-b"]?.required == false)
        registry.report("feed book-b", .down("401"))
        #expect(registry.isReady)
        registry.report("redis", .down("gone"))
        #expect(!registry.isReady)
        registry.remove("redis")
        #expect(registry.isReady)
        #expect(registry.health(of: "redis") == nil)
        #expect(registry.health(of: "feed book-b") == .down("401"))
    }

    @Test func passwordsDoNotReachTheDocument() {
        let registry = HealthRegistry()
        registry.report("redis", .down("cannot reach redis://app:hunter2@10.0.0.1:6379"))
        #expect(!registry.readyDocument().json.contains("hunter2"))
    }
}
