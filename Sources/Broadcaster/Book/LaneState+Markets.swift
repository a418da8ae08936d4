import FeedModel

extension LaneState {
    /// Fewer than so many are not worth the trouble.
    private static let leastForgotten = 16

    /// Forgets markets of which neither a row nor a tombstone is left: a fixture whose markets come and go all day would
    /// otherwise grow for ever. It depends on the entries only, so that all instances forget the same names.
    mutating func forgetUnusedMarkets() {
        var isUsed = markets.map { $0.rowCount > 0 }
        for tombstone in tombstones.values { isUsed[tombstone.market] = true }
        guard isUsed.count(where: { !$0 }) >= Self.leastForgotten else { return }
        var kept: [Market] = []
        var places: [Int] = []
        for (place, market) in markets.enumerated() {
            places.append(kept.count)
            if isUsed[place] { kept.append(market) }
        }
        markets = kept
        for slot in rows.indices { rows[slot].market = places[rows[slot].market] }
        for key in Array(tombstones.keys) {
            if let tombstone = tombstones[key] { tombstones[key]?.market = places[tombstone.market] }
        }
        marketIndex.removeAll()
        for (place, market) in markets.enumerated() { marketIndex[Self.marketKey(market.type, market.id)] = place }
        for slot in slots.indices {
            let projection = slots[slot].projection
            slots[slot].allowsMarket = markets.map { projection.includes(marketType: $0.type) }
        }
    }
}
