import FeedModel

extension SimulatedFixture {
    /// Makes all prices anew and sends what changed. A market opens again here, unless its outcome is too certain.
    mutating func reprice(_ context: inout SimulationContext) {
        guard reopensAt == nil, status == .scheduled || status == .live else { return }
        let distribution = distribution
        for index in markets.indices where !markets[index].isSettled {
            let (prices, isOffered) = markets[index].quote(distribution)
            if isOffered { offer(prices, at: index, &context) } else { suspend(index, &context) }
        }
    }

    /// Gives a new fixture's markets their first prices.
    mutating func openMarkets(_ context: inout SimulationContext) {
        let distribution = distribution
        for index in markets.indices {
            markets[index].status = .suspended
            for (option, price) in markets[index].quote(distribution).prices.enumerated() {
                markets[index].options[option].odd = price
            }
        }
        reprice(&context)
    }

    private mutating func offer(_ prices: [FixedDecimal], at index: Int, _ context: inout SimulationContext) {
        let changed = prices.indices.filter { prices[$0] != markets[index].options[$0].odd }
        for option in changed { markets[index].options[option].odd = prices[option] }
        if markets[index].status != .open {
            markets[index].status = .open
            context.queue.append(.oddsChange(markets[index], of: id, at: context.now))
        } else if changed.count == 1 || (changed.count == 2 && context.generator.chance(0.3)) {
            // Real feeds mix both forms: single selections, and whole markets.
            for option in changed {
                let market = markets[index]
                context.queue.append(.oddsChange(market.options[option], in: market, of: id, at: context.now))
            }
        } else if !changed.isEmpty {
            context.queue.append(.oddsChange(markets[index], of: id, at: context.now))
        }
    }

    mutating func suspendMarkets(_ context: inout SimulationContext) {
        for index in markets.indices { suspend(index, &context) }
    }

    private mutating func suspend(_ index: Int, _ context: inout SimulationContext) {
        guard markets[index].status == .open, !markets[index].isSettled else { return }
        markets[index].status = .suspended
        context.queue.append(.oddsChange(markets[index], of: id, at: context.now))
    }

    mutating func settleDecidedMarkets(_ context: inout SimulationContext) {
        // A point may be all there is to come in sports whose totals are priced to the end, too: over is over.
        for index in markets.indices where !markets[index].isSettled {
            let market = markets[index]
            guard let results = market.kind.earlyResults(home: score.home, away: score.away, line: market.line)
            else { continue }
            settle(index, results, &context)
        }
    }

    /// Closes a market and says how its options ended, except those that have a result already.
    mutating func settle(_ index: Int, _ results: [SettlementResult], _ context: inout SimulationContext) {
        if markets[index].status != .closed {
            markets[index].status = .closed
            context.queue.append(.oddsChange(markets[index], of: id, at: context.now))
        }
        for (option, result) in results.enumerated() where markets[index].options[option].result == nil {
            settleOption(option, of: index, result, &context)
        }
    }

    mutating func settleOption(
        _ option: Int, of index: Int, _ result: SettlementResult, _ context: inout SimulationContext
    ) {
        markets[index].options[option].result = result
        let market = markets[index]
        context.queue.append(.settlement(market.options[option], result, in: market, of: id, at: context.now))
        settleBets(on: option, of: index, result, &context)
    }
}
