import FeedModel

extension SimulatedFixture {
    /// A new bet on an option that is open now, if there is one.
    mutating func placeBet(
        id betID: String, user: (id: String, currency: String), _ context: inout SimulationContext
    ) -> Bool {
        let open = markets.indices.filter { markets[$0].status == .open && !markets[$0].isSettled }
        guard !open.isEmpty else { return false }
        let market = context.generator.element(of: open)
        let options = markets[market].options.indices.filter { markets[market].options[$0].result == nil }
        let option = context.generator.element(of: options)
        let bet = SimulatedBet(
            id: betID, user: user.id, currency: user.currency, market: market, option: option,
            amount: Self.stake(using: &context.generator), odd: markets[market].options[option].odd,
            due: context.world + .microseconds(Int64(context.generator.uniform(200_000...3_000_000))))
        bets.append(bet)
        context.queue.append(message(of: bet, at: context.now))
        return true
    }

    /// Mostly round stakes, sometimes to the cent.
    private static func stake(using generator: inout SeededGenerator) -> FixedDecimal {
        if generator.chance(0.7) {
            let round: [Int64] = [2, 5, 5, 10, 10, 10, 20, 20, 25, 50, 100, 250]
            return FixedDecimal(scaled: generator.element(of: round) * FixedDecimal.scale)
        }
        return FixedDecimal(scaled: Int64(100 + generator.index(below: 9_900)) * 100)
    }

    /// Accepts, rejects or cashes out what is due.
    mutating func decideBets(_ context: inout SimulationContext) {
        var isAnyFinal = false
        for index in bets.indices {
            guard let due = bets[index].due, due <= context.world else { continue }
            bets[index].due = nil
            let market = markets[bets[index].market]
            let isOpen = market.status == .open
            if bets[index].status == .placed {
                let hasMoved = market.options[bets[index].option].odd < bets[index].odd
                let isAccepted = isOpen && !(hasMoved && context.generator.chance(0.5))
                if isAccepted, context.generator.chance(0.08) {
                    let wait = context.span(matchSeconds: context.generator.uniform(300...3_000))
                    bets[index].due = context.world + wait
                }
                change(index, to: isAccepted ? .accepted : .rejected, &context)
            } else if isOpen {
                change(index, to: .cashedOut, &context)
            }
            isAnyFinal = isAnyFinal || bets[index].isFinal
        }
        if isAnyFinal { bets.removeAll(where: \.isFinal) }
    }

    mutating func settleBets(
        on option: Int, of market: Int, _ result: SettlementResult, _ context: inout SimulationContext
    ) {
        guard !bets.isEmpty else { return }
        for index in bets.indices where bets[index].market == market && bets[index].option == option {
            let status = bets[index].status == .placed ? BetStatus.rejected : SimulatedBet.status(after: result)
            change(index, to: status, &context)
        }
        bets.removeAll(where: \.isFinal)
    }

    private mutating func change(_ index: Int, to status: BetStatus, _ context: inout SimulationContext) {
        bets[index].status = status
        context.queue.append(message(of: bets[index], at: context.now))
    }

    func message(of bet: SimulatedBet, at time: Timestamp) -> SportsbookMessage {
        let market = markets[bet.market]
        return .betPlacement(bet, option: market.options[bet.option].id, in: market, of: id, at: time)
    }
}

extension SimulatedBet {
    /// Whether nothing more can happen to it.
    fileprivate var isFinal: Bool { status != .placed && status != .accepted }
}
