import FeedModel
import Testing

@testable import Processor

/// A restored decoder goes on exactly where the other stood: same bytes, same letters.
@Suite struct CheckpointTests {
    @Test(arguments: 0..<12 as Range<UInt64>) func sportsbookReplaysIdentically(_ seed: UInt64) throws {
        try expectIdenticalReplay(of: DecoderBench.sportsbook(), entries: RandomFeed.sportsbook(seed: seed))
    }

    @Test(arguments: 0..<12 as Range<UInt64>) func betfairReplaysIdentically(_ seed: UInt64) throws {
        try expectIdenticalReplay(of: DecoderBench.betfair(), entries: RandomFeed.betfair(seed: seed))
    }

    @Test(arguments: 0..<12 as Range<UInt64>) func polymarketReplaysIdentically(_ seed: UInt64) throws {
        try expectIdenticalReplay(of: DecoderBench.polymarket(), entries: RandomFeed.polymarket(seed: seed))
    }

    @Test(arguments: 0..<12 as Range<UInt64>) func kalshiReplaysIdentically(_ seed: UInt64) throws {
        try expectIdenticalReplay(of: DecoderBench.kalshi(), entries: RandomFeed.kalshi(seed: seed))
    }

    private func expectIdenticalReplay(of bench: DecoderBench, entries: [RandomFeed.Entry]) throws {
        var copies: [DecoderBench] = []
        for (index, entry) in entries.enumerated() {
            if index % 25 == 10 { copies.append(try bench.restored()) }
            let expected = try entry.run(on: bench)
            for copy in copies {
                let outcome = try entry.run(on: copy)
                #expect(outcome.payload == expected.payload, "entry \(index)")
                #expect(outcome.letters == expected.letters, "entry \(index)")
            }
        }
        for copy in copies { #expect(copy.decoder.checkpoint() == bench.decoder.checkpoint()) }
    }

    @Test func refusesWhatItDoesNotKnow() throws {
        let benches = [
            try DecoderBench.sportsbook(), try DecoderBench.betfair(), try DecoderBench.polymarket(),
            try DecoderBench.kalshi(),
        ]
        let feeds = [RandomFeed.sportsbook, RandomFeed.betfair, RandomFeed.polymarket, RandomFeed.kalshi]
        for bench in benches {
            for feed in feeds { for entry in feed(1).prefix(5) { _ = try entry.run(on: bench) } }
            var checkpoint = bench.decoder.checkpoint()
            let decoder = type(of: bench.decoder)
            let feed = try DecoderBench.feed()
            for end in checkpoint.indices.dropLast() {
                #expect(throws: CheckpointError.self) {
                    try decoder.init(feed: feed, restoring: Array(checkpoint[..<end]))
                }
            }
            #expect(throws: CheckpointError.damaged("end")) {
                try decoder.init(feed: feed, restoring: checkpoint + [0])
            }
            checkpoint[0] = 99
            #expect(throws: CheckpointError.unknownVersion(99)) { try decoder.init(feed: feed, restoring: checkpoint) }
        }
    }

    @Test func registryKnowsItsProviders() throws {
        let feed = try DecoderBench.feed()
        #expect(DecoderRegistry.providers == ["sportsbook", "betfair", "polymarket", "kalshi"])
        #expect(try DecoderRegistry.make(provider: "betfair", feed: feed, checkpoint: nil) is BetfairDecoder)
        #expect(try DecoderRegistry.make(provider: "nobody", feed: feed, checkpoint: nil) == nil)
        let checkpoint = SportsbookDecoder(feed: feed).checkpoint()
        #expect(
            try DecoderRegistry.make(provider: "sportsbook", feed: feed, checkpoint: checkpoint) is SportsbookDecoder)
    }
}
