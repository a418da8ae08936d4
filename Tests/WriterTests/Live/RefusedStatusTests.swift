import FeedModel
import RedisStreams
import Testing

@testable import Writer

/// A status that a refused message was to write must come from the next message that tells it, which the Writer would
/// otherwise leave out as known.
@Suite("Writer: market statuses beside refused messages", .timeLimit(.minutes(1)))
struct RefusedStatusTests {
    /// Suspends the market in a message that Postgres refuses: its bet's id holds a zero character.
    private func refused(_ samples: inout SampleEntries) -> StreamEntry {
        samples.entry { encoder, frame in
            let position = Position(frame: frame, ordinal: 0)
            encoder.price("2", at: position, status: .suspended, marketStatus: .suspended)
            encoder.bet("zero\0byte", at: position)
        }
    }

    private func price(_ status: OddsStatus, _ samples: inout SampleEntries) -> StreamEntry {
        samples.entry { $0.price("2", at: Position(frame: $1, ordinal: 0), marketStatus: status) }
    }

    @Test("the next message is in the same batch")
    func sameBatch() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.running {
                try await writer.append([price(.open, &samples)])
                try await writer.settled()
                try await writer.append([refused(&samples), price(.suspended, &samples)])
                try await writer.settled()
            }
            try await expectSuspended(writer)
        }
    }

    @Test("the next message was decoded while the batch before it was being refused")
    func nextBatch() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.running {
                try await writer.append([price(.open, &samples)])
                try await writer.settled()
                let lock = "BEGIN; LOCK TABLE bet_events IN ACCESS EXCLUSIVE MODE"
                try await writer.holding(lock) {
                    try await writer.append([refused(&samples)])
                    try await writer.eventually("the commit waits") {
                        try await writer.value(
                            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'bet_events'::regclass")
                            == "1"
                    }
                    try await writer.append([price(.suspended, &samples)])
                    try await writer.eventually("the next is read") {
                        try await writer.redis.groups(of: writer.feed.events).first?.pending == 2
                    }
                }
                try await writer.settled()
            }
            try await expectSuspended(writer)
        }
    }

    private func expectSuspended(_ writer: WriterHarness) async throws {
        #expect(try await writer.value("SELECT odds_status_name(status) FROM markets") == "suspended")
        #expect(try await writer.count("dead_letters") == 1)
        #expect(try await writer.count("odds_ticks") == 2)
        #expect(try await writer.count("ingest_ledger") == 3)
    }
}
