import FeedModel

/// What this instance itself knows, beside what Redis says.
struct InstanceFacts: Sendable {
    var isReady: Bool
    var laneCount: Int
    var subscriberCount: Int
    var feeds: [FeedProgress]
}

extension JSONBytes {
    /// The whole health document.
    mutating func pipeline(
        _ known: PipelineProbe.Knowledge, _ instance: InstanceFacts, _ names: [FeedName], at now: Moment
    ) {
        raw("{\"ts\":")
        integer(now.wall.milliseconds)
        raw(",\"redis\":")
        redis(known)
        raw(",\"broadcaster\":{\"ready\":")
        bool(instance.isReady)
        raw(",\"lanes\":")
        integer(instance.laneCount)
        raw(",\"subscribers\":")
        integer(instance.subscriberCount)
        raw("},\"feeds\":[")
        for (index, name) in names.enumerated() {
            if index > 0 { raw(",") }
            feed(name, instance.feeds[index], known, index, at: now)
        }
        raw("]}")
    }

    private mutating func redis(_ known: PipelineProbe.Knowledge) {
        raw("{\"state\":")
        string(known.failure == nil ? "up" : "down")
        if let failure = known.failure {
            raw(",\"why\":")
            string(failure)
        }
        if let latest = known.latest {
            raw(",\"memory_used\":")
            integer(latest.memoryUsed)
            raw(",\"memory_limit\":")
            integer(latest.memoryLimit)
        }
        raw("}")
    }

    private mutating func feed(
        _ name: FeedName, _ progress: FeedProgress, _ known: PipelineProbe.Knowledge, _ index: Int, at now: Moment
    ) {
        raw("{\"name\":")
        string(name.text)
        raw(",\"state\":\"")
        raw(progress.condition.status.json)
        raw("\",\"why\":")
        string(progress.condition.why)
        raw(",\"age_ms\":")
        optional(progress.lastEntryAt.map { (now.monotonic - $0).microseconds / 1_000 })
        if let gap = progress.gap { self.gap(gap) }
        raw(",\"streams\":[")
        let sample = known.latest?.feeds[index]
        for (position, stream) in (sample?.streams ?? []).enumerated() {
            if position > 0 { raw(",") }
            self.stream(stream, at: now)
        }
        raw("]")
        if let sample, let latest = known.latest {
            rates(PipelineRates(from: known.previous, to: latest, feed: index))
            raw(",\"letters_total\":")
            integer(sample["dead"]?.added ?? 0)
            owner(",\"feed_owner\":", sample.feedOwner)
            owner(",\"processor_owner\":", sample.processorOwner)
        }
        raw("}")
    }

    private mutating func rates(_ rates: PipelineRates) {
        let members: [(StaticString, Double?)] = [
            (",\"frames_per_s\":", rates.frames), (",\"processed_per_s\":", rates.processed),
            (",\"written_per_s\":", rates.written), (",\"letters_per_s\":", rates.letters),
        ]
        for (name, value) in members {
            raw(name)
            tenths(value)
        }
    }

    private mutating func stream(_ stream: PipelineSample.Stream, at now: Moment) {
        raw("{\"name\":")
        string(stream.name)
        raw(",\"length\":")
        integer(stream.length)
        raw(",\"groups\":[")
        for (position, group) in stream.groups.enumerated() {
            if position > 0 { raw(",") }
            raw("{\"name\":")
            string(group.name)
            raw(",\"lag\":")
            optional(group.lag.map { Int64($0) })
            raw(",\"lag_s\":")
            // Two machines' clocks may differ; nothing is younger than now.
            tenths(group.lag == 0 ? 0 : group.waitingSince.map { Self.seconds(max(.zero, now.wall.since($0))) })
            raw(",\"pending\":")
            integer(group.pending)
            raw(",\"consumers\":")
            integer(group.consumers)
            raw("}")
        }
        raw("]}")
    }

    private static func seconds(_ duration: Duration) -> Double { Double(duration.microseconds) / 1_000_000 }

    private mutating func owner(_ name: StaticString, _ owner: String?) {
        raw(name)
        if let owner { string(owner) } else { raw("null") }
    }

    private mutating func optional(_ value: Int64?) {
        if let value { integer(value) } else { raw("null") }
    }

    /// A number with one decimal, which is as exact as rates are.
    private mutating func tenths(_ value: Double?) {
        guard let value, value.isFinite, abs(value) < 1e12 else { return raw("null") }
        decimal(FixedDecimal(scaled: Int64((value * 10).rounded()) * (FixedDecimal.scale / 10)))
    }
}
