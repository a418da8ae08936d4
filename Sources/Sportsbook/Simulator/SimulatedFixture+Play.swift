import FeedModel

extension SimulatedFixture {
    /// Lets `seconds` of the world's time pass.
    mutating func advance(by seconds: Double, _ context: inout SimulationContext) {
        decideBets(&context)
        switch status {
        case .scheduled: advanceBeforeStart(&context)
        case .suspended: if let resumesAt, context.world >= resumesAt { resumePlay(&context) }
        case .live: play(seconds, &context)
        case .finished, .cancelled: break
        }
    }

    private mutating func advanceBeforeStart(_ context: inout SimulationContext) {
        if let withdrawal, context.world >= withdrawal.at {
            self.withdrawal = nil
            withdraw(withdrawal.runner, &context)
        }
        guard context.world >= startTime else { return }
        if isAbandoned { return abandon(&context) }
        status = .live
        context.queue.append(.fixtureUpdate(self, at: context.now))
        reprice(&context)
    }

    private mutating func resumePlay(_ context: inout SimulationContext) {
        resumesAt = nil
        status = .live
        context.queue.append(.fixtureUpdate(self, at: context.now))
        reprice(&context)
    }

    private mutating func play(_ seconds: Double, _ context: inout SimulationContext) {
        let end = min(1, progress + seconds * context.speed / 60 / sport.minutes)
        let incident = model.play(from: progress, to: end, score: &score, using: &context.generator)
        let share = end - progress
        progress = end
        if isRace ? end >= 1 : end >= 1 || model.isDecided(progress: end, score: score) { return finish(&context) }
        switch incident {
        case .goal:
            suspendMarkets(&context)
            context.queue.append(.fixtureUpdate(self, at: context.now))
            settleDecidedMarkets(&context)
            reopensAt = context.world + context.span(matchSeconds: context.generator.uniform(20...45))
        case .score where isRace:
            if context.generator.chance(0.25) { reprice(&context) }
        case .score:
            context.queue.append(.fixtureUpdate(self, at: context.now))
            settleDecidedMarkets(&context)
            if reopensAt == nil { reprice(&context) }
        case .nothing: break
        }
        if let reopensAt, context.world >= reopensAt {
            self.reopensAt = nil
            reprice(&context)
        }
        // Rain, a floodlight, a review: about one match in 25.
        if !isRace, context.generator.chance(0.04 * share) { interrupt(&context) }
    }

    private mutating func interrupt(_ context: inout SimulationContext) {
        status = .suspended
        reopensAt = nil
        resumesAt = context.world + context.span(matchSeconds: context.generator.uniform(120...360))
        suspendMarkets(&context)
        context.queue.append(.fixtureUpdate(self, at: context.now))
    }

    private mutating func finish(_ context: inout SimulationContext) {
        model.conclude(score: &score, using: &context.generator)
        status = .finished
        suspendMarkets(&context)
        context.queue.append(.fixtureUpdate(self, at: context.now))
        var winner: Int?
        if case .race(let race) = model { winner = race.winner(using: &context.generator) }
        for index in markets.indices where !markets[index].isSettled {
            let market = markets[index]
            let results =
                if let winner {
                    market.options.indices.map { $0 == winner ? SettlementResult.won : .lost }
                } else {
                    market.kind.results(home: score.home, away: score.away, line: market.line)
                }
            settle(index, results, &context)
        }
    }

    private mutating func abandon(_ context: inout SimulationContext) {
        status = .cancelled
        context.queue.append(.fixtureUpdate(self, at: context.now))
        for index in markets.indices {
            settle(index, markets[index].options.map { _ in .void }, &context)
        }
    }

    private mutating func withdraw(_ runner: Int, _ context: inout SimulationContext) {
        guard case .race(var race) = model, let index = markets.indices.first else { return }
        race.remove(runner)
        model = .race(race)
        let market = markets[index]
        context.queue.append(
            .oddsChange(market.options[runner], status: .closed, in: market, of: id, at: context.now))
        settleOption(runner, of: index, .removed, &context)
        reprice(&context)
    }
}
