/// The fields of a message of the market channel.
enum PolymarketField: Int, SnakeCaseField {
    case eventType, market, assetId, timestamp, bids, asks, lastTradePrice, priceChanges, changes, price, size, side
    case bestBid, bestAsk, winningAssetId, assetsIds

    static var status: PolymarketField { .eventType }
}

/// The fields of a price level, or of one token's change.
enum TokenField: Int, SnakeCaseField {
    case assetId, price, size, side, bestBid, bestAsk

    static var status: TokenField { .assetId }
}

/// What the messages have to say, and in which form. The limits are `ValueForm`'s.
struct PolymarketRules: ~Copyable {
    let book = RuleTable<PolymarketField>([
        .required(.market, .id),
        .required(.assetId, .id),
        .required(.timestamp, .epoch),
        .optional(.bids, .list),
        .optional(.asks, .list),
    ])

    let priceChange = RuleTable<PolymarketField>([
        .required(.market, .id),
        .required(.timestamp, .epoch),
        .optional(.priceChanges, .list),
        .optional(.changes, .list),
    ])

    let trade = RuleTable<PolymarketField>([
        .required(.market, .id),
        .required(.assetId, .id),
        .required(.price, .probability),
        .required(.timestamp, .epoch),
    ])

    let best = RuleTable<PolymarketField>([
        .required(.market, .id),
        .required(.assetId, .id),
        .required(.timestamp, .epoch),
    ])

    let announcement = RuleTable<PolymarketField>([
        .required(.market, .id),
        .required(.assetsIds, .list),
        .required(.timestamp, .epoch),
    ])

    let resolution = RuleTable<PolymarketField>([
        .required(.market, .id),
        .required(.assetsIds, .list),
        .required(.winningAssetId, .id),
        .required(.timestamp, .epoch),
    ])

    let level = RuleTable<TokenField>([
        .required(.price, .probability),
        .required(.size, .amount),
    ])
}
