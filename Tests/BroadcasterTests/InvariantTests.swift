import FeedModel
import Testing

@testable import Broadcaster

/// Snapshot, then deltas, then any mix of drop, resume, conflation, slowness and restart: the client's book equals the
/// server's, and it knows which feeds are up.
struct InvariantTests {
    @Test(arguments: 0..<150)
    func everyScheduleEndsWithEqualBooks(seed: Int) throws {
        var world = World(seed: UInt64(seed))
        for _ in 0..<220 { try world.step() }
        try world.settle()
        try check(world, "seed \(seed)")
    }

    @Test(arguments: 0..<150)
    func whoComesBackAfterTheLastChangeHasIt(seed: Int) throws {
        var world = World(seed: UInt64(1_000 + seed))
        for _ in 0..<60 { try world.step() }
        try world.settle()
        try world.hopAfterChanges()
        try world.settle()
        try check(world, "seed \(seed)")
    }

    private func check(_ world: World, _ name: String) throws {
        #expect(world.wrongStates.isEmpty, "\(name)")
        for (index, member) in world.members.enumerated() {
            var expected: [String: BookClient.LaneBook] = [:]
            for key in member.keys.values {
                expected.merge(try member.connection.instance.expected(key)) { first, _ in first }
            }
            let differences = differences(member.connection.client.lanes, expected)
            #expect(differences.isEmpty, "\(name), client \(index), \(member.keys)")
        }
    }
}

/// A generator that repeats itself.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = (seed &+ 1) &* 0xD134_2543_DE82_EF95 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
