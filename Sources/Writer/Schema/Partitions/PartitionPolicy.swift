package import FeedModel

/// How history is cut, and how long its parts stay.
package struct PartitionPolicy: Sendable, Equatable {
    package var unit: PartitionUnit
    /// How many partitions stand ready beyond the current one.
    package var ahead: Int
    /// By the last moment that a partition holds. Nil: for ever.
    package var keep: Duration?
    /// The same for `raw_frames`, which take the most room. Nil: as long as the others.
    package var keepRaw: Duration?
    /// What gets each partition as gzip CSV before it is dropped. Nil: it is just dropped.
    package var archive: ArchiveTarget?

    package init(
        unit: PartitionUnit = .day, ahead: Int = 4, keep: Duration? = nil, keepRaw: Duration? = nil,
        archive: ArchiveTarget? = nil
    ) {
        self.unit = unit
        self.ahead = ahead
        self.keep = keep
        self.keepRaw = keepRaw
        self.archive = archive
    }

    package var planner: PartitionPlanner { PartitionPlanner(unit: unit, ahead: ahead) }

    /// Nothing is ever retired.
    package var keepsEverything: Bool { keep == nil && keepRaw == nil }

    package func retention(of table: PartitionedTable) -> Duration? {
        table == .rawFrames ? keepRaw ?? keep : keep
    }

    /// When a partition's time is over; nil: never.
    package func retirement(of facts: PartitionFacts) -> Timestamp? {
        retention(of: facts.table).map { facts.to + $0 }
    }

    /// Why a person should not retire a partition now; nil when nothing speaks against it. What may still get rows is refused,
    /// because they would have no place, unless the policy says that its time is over, or it is on its way out already.
    package func objection(
        toRetiring facts: PartitionFacts, at now: Timestamp, lateness: Duration = PartitionKeeper.usualLateness
    ) -> PartitionError? {
        let until = facts.to + lateness
        if facts.isDetached || facts.isDetachPending || until <= now { return nil }
        if let end = retirement(of: facts), end <= now { return nil }
        return .young(facts.name, until: until)
    }

    /// Of `existing`, those whose time is over at `now`, the oldest first.
    package func expired(_ existing: [PartitionFacts], at now: Timestamp) -> [PartitionFacts] {
        existing.filter { facts in retirement(of: facts).map { $0 <= now } ?? false }.sorted { $0.from < $1.from }
    }
}
