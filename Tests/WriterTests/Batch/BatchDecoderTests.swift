import FeedModel
import RedisStreams
import Testing

@testable import Writer

@Suite("Batch decoder")
struct BatchDecoderTests {
    private let route: FeedRoute

    init() throws {
        route = FeedRoute(index: 0, feedID: 3, streams: StreamNames(feed: try #require(FeedName("feed-a"))))
    }

    private func decode(
        _ entries: [StreamEntry], _ cache: inout DimensionCache
    ) throws -> WriteBatch {
        var decoder = BatchDecoder()
        for entry in entries { try decoder.append(entry, of: route, cache: &cache) }
        return decoder.take()
    }

    @Test("every kind of event becomes its row, texts and absences included")
    func rows() throws {
        var samples = SampleEntries()
        let time = Timestamp(milliseconds: 1_700_000_000_000)
        let entry = samples.entry(frames: 2, sequence: 9) { encoder, frame in
            encoder.price("1.95", at: Position(frame: frame, ordinal: 0), sourceTime: time)
            encoder.price(nil, at: Position(frame: frame, ordinal: 1), status: .suspended)
            encoder.fixture(status: .live, score: (1, 0), at: Position(frame: frame, ordinal: 2))
            encoder.bet("bet-1", amount: "12.5", at: Position(frame: frame + 1, ordinal: 0))
            encoder.settle(.won, at: Position(frame: frame + 1, ordinal: 1))
        }
        var cache = DimensionCache(maximumSelections: 100)
        let batch = try decode([entry], &cache)
        #expect(batch.entries.count == 1 && batch.rowCount == 5)
        #expect(batch.odds[0].odd == 19_500 && batch.odds[0].sourceTime == time.microseconds)
        #expect(batch.odds[1].odd == Absent.value && batch.odds[1].sourceTime == Absent.value)
        #expect(batch.odds[1].status == OddsStatus.suspended.rawValue)
        #expect(batch.fixtures[0].homeScore == 1 && batch.fixtures[0].startTime == Absent.value)
        #expect(batch.string(batch.fixtures[0].homeTeam) == "Home")
        #expect(batch.optionalString(batch.fixtures[0].awayTeam) == nil)
        #expect(batch.bets[0].amount == 125_000 && batch.string(batch.bets[0].betID) == "bet-1")
        #expect(batch.bets[0].position == Position(frame: 1_001, ordinal: 0).rawValue)
        #expect(batch.settlements[0].result == SettlementResult.won.rawValue)
        #expect(batch.entries[0].header.firstSequence == 9)
    }

    @Test("what is met for the first time is pending once, with its parents, however often it is met")
    func pending() throws {
        var samples = SampleEntries()
        let entry = samples.entry { encoder, frame in
            for (ordinal, option) in ["home", "away", "home"].enumerated() {
                let position = Position(frame: frame, ordinal: ordinal)
                encoder.price("2", of: SampleSelection(option: option), at: position)
            }
            encoder.price("2", of: SampleSelection(market: "market-2"), at: Position(frame: frame, ordinal: 3))
            encoder.fixture(status: .live, at: Position(frame: frame, ordinal: 4))
        }
        var cache = DimensionCache(maximumSelections: 100)
        let batch = try decode([entry], &cache)
        #expect(batch.pending.fixtures.count == 1)
        #expect(batch.pending.markets.count == 2)
        #expect(batch.pending.selections.count == 3)
        #expect(batch.odds[0].selection == batch.odds[2].selection)
        #expect(batch.pending.markets.map { batch.string($0.id) } == ["market-1", "market-2"])
        #expect(batch.fixtures[0].fixture == batch.pending.markets[0].fixture)
    }

    @Test("what a committed batch taught is no longer pending; above its bound the cache forgets")
    func learns() throws {
        var samples = SampleEntries()
        func entry() -> StreamEntry {
            samples.entry { encoder, frame in
                encoder.price("2", at: Position(frame: frame, ordinal: 0))
                encoder.bet("b", at: Position(frame: frame, ordinal: 1))
            }
        }
        var cache = DimensionCache(maximumSelections: 1)
        let first = try decode([entry()], &cache)
        let sealed = SealedBatch(first, .rows, cache.resolve(first))
        #expect(sealed.encodedOdds == nil)
        var resolved = sealed.resolved
        (resolved.fixtures, resolved.markets, resolved.selections) = ([7], [8], [9])
        cache.learn(sealed, resolved)
        let second = try decode([entry()], &cache)
        #expect(second.pending.isEmpty)
        #expect(second.odds[0].selection == .key(9) && second.bets[0].fixture == .key(7))
        #expect(SealedBatch(second, .rows, cache.resolve(second)).encodedOdds?.rows.count == 1)
        // The same identities, learned late, are found when the batch is sealed.
        #expect(cache.resolve(first).isComplete)
        let other = try decode(
            [samples.entry { $0.price("2", of: SampleSelection(option: "x"), at: Position(frame: $1, ordinal: 0)) }],
            &cache)
        resolved = ResolvedDimensions(other.pending)
        resolved.selections = [10]
        cache.learn(SealedBatch(other, .rows, cache.resolve(other)), resolved)
        #expect(cache.selections.count == 0)
    }

    @Test("an entry that cannot be read leaves nothing behind")
    func unreadable() throws {
        var samples = SampleEntries()
        let good = samples.entry { $0.price("2", at: Position(frame: $1, ordinal: 0)) }
        let bad = samples.entry { encoder, frame in
            encoder.price("2", at: Position(frame: frame, ordinal: 0))
            encoder.bet("b", at: Position(frame: frame, ordinal: 1))
        }
        let cut = StreamEntry(id: bad.id, payload: Array(bad.payload.dropLast(3)))
        var cache = DimensionCache(maximumSelections: 100)
        var decoder = BatchDecoder()
        try decoder.append(good, of: route, cache: &cache)
        #expect(throws: EntryError.self) { try decoder.append(cut, of: route, cache: &cache) }
        decoder.reject(cut, of: route, .truncated("bet"))
        let batch = decoder.take()
        #expect(batch.entries.count == 1 && batch.odds.count == 1 && batch.bets.isEmpty)
        #expect(batch.unreadable.map(\.position) == [Position(frame: 1_001, ordinal: 0)])
        var newer = good.payload
        newer[0] = 9
        #expect(throws: EntryError.unknownVersion(9)) {
            try decoder.append(StreamEntry(id: good.id, payload: newer), of: route, cache: &cache)
        }
    }

    @Test("control events become gaps, heals and letters that are refused again")
    func control() throws {
        var samples = SampleEntries()
        let gap = ControlEvent.Gap(kind: .sequence, fromSequence: 4, toSequence: 9, cause: "jump")
        var cache = DimensionCache(maximumSelections: 100)
        let batch = try decode(
            [
                samples.control(.gap(gap)), samples.control(.gapHealed(position: 55, at: 66)),
                samples.control(.letterRefused(position: 77, stage: 1, reason: 4, detail: "still")),
                samples.control(.keepalive(state: .live)),
            ], &cache)
        #expect(batch.entries.count == 4 && batch.rowCount == 0)
        #expect(batch.gaps.map(\.position) == [Position(frame: 1_000, ordinal: 0).rawValue, 55])
        #expect(batch.refusals.map(\.position) == [77])
    }
}

@Suite("Market statuses")
struct MarketStatusTests {
    private let route: FeedRoute

    init() throws {
        route = FeedRoute(index: 0, feedID: 3, streams: StreamNames(feed: try #require(FeedName("feed-a"))))
    }

    /// A cache that knows the sample selection.
    private func warmCache(_ samples: inout SampleEntries) throws -> DimensionCache {
        var cache = DimensionCache(maximumSelections: 100)
        let batch = try decode([samples.entry { $0.price("2", at: Position(frame: $1, ordinal: 0)) }], &cache)
        var resolved = ResolvedDimensions(batch.pending)
        (resolved.fixtures, resolved.markets, resolved.selections) = ([7], [8], [9])
        cache.learn(SealedBatch(batch, .rows, resolved), resolved)
        return cache
    }

    private func decode(_ entries: [StreamEntry], _ cache: inout DimensionCache) throws -> WriteBatch {
        var decoder = BatchDecoder()
        for entry in entries { try decoder.append(entry, of: route, cache: &cache) }
        return decoder.take()
    }

    private func entry(_ samples: inout SampleEntries, _ status: OddsStatus) -> StreamEntry {
        samples.entry { $0.price("2", at: Position(frame: $1, ordinal: 0), marketStatus: status) }
    }

    @Test("an unchanged status is left out behind the batch that wrote it, while entries come unbroken")
    func unchanged() throws {
        var samples = SampleEntries()
        var cache = try warmCache(&samples)
        let batch = try decode(
            [entry(&samples, .open), entry(&samples, .open), entry(&samples, .suspended), entry(&samples, .open)],
            &cache)
        // Within a batch each may have to stand in for one before it that is refused.
        let expected: [OddsStatus] = [.open, .open, .suspended, .open]
        #expect(batch.marketStatuses.map(\.status) == expected.map(\.rawValue))
        #expect(try decode([entry(&samples, .open)], &cache).marketStatuses.isEmpty)
    }

    @Test("a status told with a new selection of a known market counts as told")
    func newSelection() throws {
        var samples = SampleEntries()
        var cache = try warmCache(&samples)
        #expect(try decode([entry(&samples, .open)], &cache).marketStatuses.count == 1)
        let other = SampleSelection(option: "another")
        let suspended = samples.entry {
            $0.price("2", of: other, at: Position(frame: $1, ordinal: 0), marketStatus: .suspended)
        }
        let batch = try decode([suspended, entry(&samples, .open)], &cache)
        #expect(batch.marketStatuses.map(\.status) == [OddsStatus.suspended.rawValue, OddsStatus.open.rawValue])
    }

    @Test("after a break somebody else may have written another one: it is written again")
    func broken() throws {
        var samples = SampleEntries()
        var cache = try warmCache(&samples)
        #expect(try decode([entry(&samples, .open)], &cache).marketStatuses.count == 1)
        samples.skip(5)
        #expect(try decode([entry(&samples, .open)], &cache).marketStatuses.count == 1)
        #expect(try decode([entry(&samples, .open)], &cache).marketStatuses.isEmpty)
    }

    @Test("an older one is left to the database")
    func older() throws {
        var samples = SampleEntries()
        var cache = try warmCache(&samples)
        let old = entry(&samples, .suspended)
        let new = entry(&samples, .open)
        #expect(try decode([new], &cache).marketStatuses.count == 1)
        #expect(try decode([old], &cache).marketStatuses.count == 1)
        cache.forgetStatuses()
        #expect(try decode([new], &cache).marketStatuses.count == 1)
    }
}
