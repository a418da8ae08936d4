import FeedModel

/// Fixtures, markets and selections that a batch meets and whose keys are not known yet: each once, however often it is
/// met.
struct PendingDimensions: Sendable {
    struct Fixture: Sendable {
        var feedID: Int16
        var id: TextSlice
        var hash: UInt64
        /// When it was first met, microseconds since 1970.
        var receivedAt: Int64
    }

    struct Market: Sendable {
        var feedID: Int16
        var fixture: DimensionRef
        /// `SelectionIdentity.appendMarket`'s bytes, by which the cache knows it.
        var identity: TextSlice
        var hash: UInt64
        var id: TextSlice
        var type: TextSlice
    }

    struct Selection: Sendable {
        var feedID: Int16
        var market: DimensionRef
        var fixture: DimensionRef
        var identity: TextSlice
        var hash: UInt64
    }

    var fixtures: [Fixture] = []
    var markets: [Market] = []
    var selections: [Selection] = []

    var isEmpty: Bool { fixtures.isEmpty && markets.isEmpty && selections.isEmpty }
}

/// The keys of a batch's pending dimensions, by their number; 0 where still unknown.
struct ResolvedDimensions: Sendable, Equatable {
    var fixtures: [Int32]
    var markets: [Int32]
    var selections: [Int32]

    init(_ pending: PendingDimensions) {
        fixtures = Array(repeating: 0, count: pending.fixtures.count)
        markets = Array(repeating: 0, count: pending.markets.count)
        selections = Array(repeating: 0, count: pending.selections.count)
    }

    var isComplete: Bool { !fixtures.contains(0) && !markets.contains(0) && !selections.contains(0) }

    /// 0 while unknown.
    @inline(__always)
    func fixture(_ ref: DimensionRef) -> Int32 { ref.pendingIndex.map { fixtures[$0] } ?? ref.rawValue }
    @inline(__always)
    func market(_ ref: DimensionRef) -> Int32 { ref.pendingIndex.map { markets[$0] } ?? ref.rawValue }
    @inline(__always)
    func selection(_ ref: DimensionRef) -> Int32 { ref.pendingIndex.map { selections[$0] } ?? ref.rawValue }
}

/// Finds what is already pending in the batch that is being filled.
struct PendingIndex: ~Copyable {
    var fixtures = IdentityTable(capacity: 16)
    var markets = IdentityTable(capacity: 16)
    var selections = IdentityTable(capacity: 16)

    mutating func removeAll() {
        if fixtures.count > 0 { fixtures.removeAll() }
        if markets.count > 0 { markets.removeAll() }
        if selections.count > 0 { selections.removeAll() }
    }
}
