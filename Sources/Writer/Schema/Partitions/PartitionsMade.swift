import FeedModel

/// What making partitions came to.
package struct PartitionsMade: Sendable, Equatable {
    /// The names of those that are new.
    package internal(set) var made: [String] = []
    /// What is not there and cannot be made: a table of that name was detached, or is being detached.
    package internal(set) var detached: [PartitionRange] = []

    /// Nothing had to be made.
    package init() {}

    /// Why some could not be made; nil when all are there.
    package var trouble: PartitionError? { detached.isEmpty ? nil : .detached(detached.map(\.name)) }

    /// The name of the detached table in which a row of `table` and `time` would have its place; nil if it is not detached.
    func detachedName(of table: PartitionedTable, at time: Timestamp) -> String? {
        detached.first { $0.table == table && $0.from <= time && time < $0.to }?.name
    }
}

extension PartitionRange {
    /// The stretch of a partition that there is.
    init(_ facts: PartitionFacts) {
        let unit: PartitionUnit = facts.from + PartitionUnit.hour.length < facts.to ? .day : .hour
        self.init(table: facts.table, from: facts.from, to: facts.to, unit: unit)
    }

    func overlaps(_ facts: PartitionFacts) -> Bool { table == facts.table && facts.from < to && facts.to > from }
}
