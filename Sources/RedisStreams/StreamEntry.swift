// SPDX-License-Identifier: Apache-2.0
package import Telemetry

/// One entry of a stream: its id, the bytes of its field `e`, and the trace context in field `t` if it is sampled.
package struct StreamEntry: Sendable, Equatable {
    package let id: StreamID
    /// What the entry holds. Read from Redis it has `readableSlack` zeroed bytes of capacity behind its end, so that a
    /// vector scanner may load past it. An entry without a field `e` was not written by this program: empty.
    package let payload: [UInt8]
    /// Nil for nearly all entries. What cannot be read is as if it were not there: no entry is worth less for it.
    package let trace: TraceContext?

    package init(id: StreamID, payload: [UInt8], trace: TraceContext? = nil) {
        self.id = id
        self.payload = payload
        self.trace = trace
    }

    /// Readable zeroed bytes behind the payload of an entry that was read.
    package static let readableSlack = 64
}

/// What one read brought from one stream.
package struct StreamBatch: Sendable, Equatable {
    package let stream: String
    package let entries: [StreamEntry]
    /// Entries that were delivered once and are gone from the stream: trimmed or deleted before they were acknowledged.
    package let deleted: [StreamID]

    package init(stream: String, entries: [StreamEntry], deleted: [StreamID] = []) {
        self.stream = stream
        self.entries = entries
        self.deleted = deleted
    }
}

/// Where a consumer of a group reads.
package enum GroupCursor: Sendable, Equatable {
    /// What no consumer of the group was given yet.
    case new
    /// What this consumer was given and has not acknowledged, above this id.
    case backlog(after: StreamID)
}

/// What became of entries that were appended.
package enum AppendOutcome: Sendable, Equatable {
    /// Every entry is in the stream.
    case appended
    /// None is: the first id does not grow. Someone else appended, or an earlier attempt arrived after all.
    case refused(String)
    /// None is: there is no such stream. Only `startTerm` creates one.
    case streamMissing
    /// None is: Redis is at its `maxmemory`.
    case outOfMemory(String)
}

/// One step from `raw` to `events`: what is forwarded, what is refused, what is acknowledged.
package struct Hop: Sendable {
    package var events: String
    package var entries: [StreamEntry]
    package var dead: String
    package var letters: [StreamEntry]
    package var raw: String
    package var group: String
    package var acknowledge: [StreamID]

    package init(
        events: String, entries: [StreamEntry], dead: String, letters: [StreamEntry], raw: String, group: String,
        acknowledge: [StreamID]
    ) {
        self.events = events
        self.entries = entries
        self.dead = dead
        self.letters = letters
        self.raw = raw
        self.group = group
        self.acknowledge = acknowledge
    }
}

/// What became of a hop. Whatever it says but `outOfMemory`, the acknowledgement has taken place.
package enum HopOutcome: Sendable, Equatable {
    /// Every entry is in `events`, by this hop.
    case forwarded
    /// At least this one was there already, or something above it; others may have been accepted. Read the last entry
    /// of `events` and go on from there.
    case refused(firstRefused: StreamID)
    /// There is no `events` stream, so nothing is in it.
    case streamMissing
    /// The entries are in `events`, but not every letter is in `dead`: something else is under its name, or nothing may write there.
    case lettersNotTaken(String)
    /// Nothing happened at all: Redis is at its `maxmemory`.
    case outOfMemory
}

/// A consumer group of a stream, by name.
package struct StreamGroup: Sendable, Hashable {
    package let stream: String
    package let group: String

    package init(stream: String, group: String) {
        self.stream = stream
        self.group = group
    }
}

/// A term that has begun: the entry that began it and the entry before it.
package struct TermStart: Sendable, Equatable {
    package let appended: StreamEntry
    package let predecessor: StreamEntry?
}
