// SPDX-License-Identifier: Apache-2.0

/// What a group has been given and has not acknowledged.
package struct PendingSummary: Sendable, Equatable {
    package let count: Int
    package let lowest: StreamID?
    package let highest: StreamID?
    package let consumers: [(name: String, count: Int)]

    package static func == (left: PendingSummary, right: PendingSummary) -> Bool {
        left.count == right.count && left.lowest == right.lowest && left.highest == right.highest
            && left.consumers.elementsEqual(right.consumers, by: ==)
    }
}

/// One delivered and unacknowledged entry.
package struct PendingEntry: Sendable, Equatable {
    package let id: StreamID
    package let consumer: String
    package let idle: Duration
    /// How often it was delivered, the first time included.
    package let deliveries: Int
}

/// What one pass over idle entries brought: the cursor of the next pass (`zero` when it wrapped), the entries now ours,
/// and those that no longer exist.
package struct ClaimedEntries: Sendable, Equatable {
    package let next: StreamID
    package let entries: [StreamEntry]
    package let deleted: [StreamID]
}

/// A consumer group as Redis describes it.
package struct GroupInfo: Sendable, Equatable {
    package let name: String
    package let consumers: Int
    package let pending: Int
    package let lastDelivered: StreamID
    /// Entries not yet delivered as Redis counts them; nil when it cannot tell, which is not zero. After a restart it counts
    /// wrongly: see `lag(in:)`.
    package let lag: Int?

    /// Entries of the stream not yet delivered: none when the last one was, and never more than there are.
    package func lag(in stream: StreamInfo) -> Int? {
        guard lastDelivered < stream.lastGenerated else { return 0 }
        return lag.map { min($0, stream.length) }
    }
}

/// A consumer of a group as Redis describes it.
package struct ConsumerInfo: Sendable, Equatable {
    package let name: String
    package let pending: Int
    /// Since it last asked for anything.
    package let idle: Duration
}

/// A stream as Redis describes it.
package struct StreamInfo: Sendable, Equatable {
    package let length: Int
    /// Entries ever added, trimmed ones included.
    package let added: Int
    /// The highest id ever given, also when that entry is gone.
    package let lastGenerated: StreamID
    package let first: StreamID?
    package let last: StreamID?
}

/// What a start-up check and the memory guard want to know of a server.
package struct ServerFacts: Sendable, Equatable {
    package let version: String
    /// Changes with every start of the server.
    package let runID: String
    package let maxmemoryPolicy: String
    /// Bytes; 0 means no limit.
    package let maxmemory: Int
    /// Bytes.
    package let usedMemory: Int
    package let isAOFEnabled: Bool
    /// True while the server reads its data back from disk and answers `LOADING`.
    package let isLoading: Bool

    package var memory: MemoryUse { MemoryUse(used: usedMemory, limit: maxmemory) }
}

/// How much of a server's memory is in use.
package struct MemoryUse: Sendable, Equatable {
    /// Bytes.
    package let used: Int
    /// Bytes; 0 means no limit.
    package let limit: Int

    /// Used memory as a share of the limit; 0 when there is no limit.
    package var share: Double { limit > 0 ? Double(used) / Double(limit) : 0 }

    /// The share above which Redis is nearly full: feeds go to the disk, and somebody should hear of it.
    package static let nearlyFull = 0.85
}
