import FeedModel
import NIOCore

extension Hub {
    /// Answers a cursor with what changed after it, or says why it cannot and sends everything.
    func resume(_ subscription: Subscription, _ token: String) {
        guard let cursor = Cursor(token: token) else { return restart(subscription, .tokenInvalid) }
        let audience = subscription.audience
        guard cursor.filterHash == audience.filterHash else { return restart(subscription, .filterChanged) }
        if let reason = refusal(of: cursor, audience.matcher) { return restart(subscription, reason) }
        metrics.resumed(nil)
        subscription.isResumed = true
        index.noteResumed(audience)
        queueDifferences(subscription, after: cursor)
        queueRemovals(subscription, after: cursor)
        end(subscription, isResumed: true)
    }

    /// Why a cursor of this filter cannot be resumed from; nil if it can.
    func refusal(of cursor: Cursor, _ matcher: LaneMatcher) -> ResetReason? {
        for index in names.indices where matcher.allows(feed: index) {
            guard let frame = frame(of: index, in: cursor) else { continue }
            if let refusal = feeds[index].history.refusal(of: frame) { return ResetReason(refusal) }
        }
        return nil
    }

    private func restart(_ subscription: Subscription, _ reason: ResetReason) {
        reset(subscription, reason)
        beginSnapshot(subscription)
    }

    func reset(_ subscription: Subscription, _ reason: ResetReason) {
        metrics.resumed(reason)
        json.removeAll()
        json.raw("{\"t\":\"reset\",\"sid\":")
        json.integer(subscription.sid)
        json.raw(",\"why\":\"")
        json.raw(Array(reason.rawValue.utf8))
        json.raw("\"}")
        subscription.subscriber.outlet.write(json)
    }

    private func queueDifferences(_ subscription: Subscription, after cursor: Cursor) {
        for (id, attachment) in subscription.audience.lanes {
            guard let lane = lanes[id]?.lane else { continue }
            // A feed that the cursor does not know is new to the client: it gets all of it.
            let reason: QueuedLane.Reason =
                frame(of: lane.feed, in: cursor).map { .resumed(sid: subscription.sid, after: $0) }
                ?? .initial(sid: subscription.sid)
            enqueue(.lane(.init(lane: lane, attachment: attachment, reason: reason)), subscription.subscriber)
        }
    }

    private func queueRemovals(_ subscription: Subscription, after cursor: Cursor) {
        let audience = subscription.audience
        guard audience.key.channel != .feeds else { return }
        for gone in removals(audience.matcher, after: cursor) {
            enqueue(.gone(name: gone.name, seq: gone.seq, audience.projection), subscription.subscriber)
        }
    }

    /// Lanes that left the filter after the cursor, and lanes that are no more. A feed that the cursor does not know had none
    /// when it was made; the client may have been given some since.
    func removals(_ matcher: LaneMatcher, after cursor: Cursor) -> [(name: String, seq: FrameNumber)] {
        var removals: [(name: String, seq: FrameNumber)] = []
        for known in lanes.values where !matcher.matches(known.facts, name: known.lane.name) {
            let frame = frame(of: known.lane.feed, in: cursor) ?? 0
            guard matcher.matchesName(known.lane.feed, known.lane.fixtureID, name: known.lane.name) else { continue }
            let (seq, factsFrame) = known.lane.withState { ($0.seq, $0.factsFrame) }
            if factsFrame > frame { removals.append((known.lane.name, seq)) }
        }
        for index in names.indices where matcher.allows(feed: index) {
            let frame = frame(of: index, in: cursor) ?? 0
            for gone in feeds[index].history.gone where gone.frame > frame {
                let name = "\(names[index])|\(gone.fixtureID)"
                guard matcher.matchesName(index, gone.fixtureID, name: name) else { continue }
                // A fixture that came back is among the lanes.
                guard !(lanesOfFixture[gone.fixtureID] ?? []).contains(where: { lanes[$0]?.lane.feed == index }) else {
                    continue
                }
                removals.append((name, gone.frame))
            }
        }
        return removals
    }

    // MARK: What a filter does not know

    /// The values of a filter that name nothing this instance knows, as `field:value`.
    func unknownValues(_ filter: SubscriptionFilter) -> [String] {
        var unknown = filter.feeds.filter { feed in !names.contains { $0.text == feed } }.map { "feeds:\($0)" }
        unknown += missing(filter.sports, "sports") { $0.facts.sports }
        unknown += missing(filter.tournaments, "tournaments") { $0.facts.tournaments }
        unknown += filter.fixtures.filter { candidates([$0]).isEmpty }.map { "fixtures:\($0)" }
        unknown += unknownMarkets(filter.markets).map { "markets:\($0)" }
        return unknown
    }

    private func missing(_ values: [String], _ field: String, _ words: (KnownLane) -> [String]) -> [String] {
        guard !values.isEmpty else { return [] }
        var missing = Set(values)
        for known in lanes.values {
            for word in words(known) { missing.remove(word) }
            if missing.isEmpty { break }
        }
        return missing.sorted().map { "\(field):\($0)" }
    }

    private func unknownMarkets(_ types: [String]) -> [String] {
        let missing = types.filter { !knownMarkets.contains($0) }
        guard !missing.isEmpty else { return [] }
        for known in lanes.values {
            knownMarkets.formUnion(known.lane.withState { $0.markets.map(\.type) })
        }
        return missing.filter { !knownMarkets.contains($0) }
    }
}
