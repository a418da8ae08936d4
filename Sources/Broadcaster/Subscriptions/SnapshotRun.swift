import FeedModel
import NIOCore
import WebSocketTransport

/// What is written for lanes that follow one another in a queue: one `snap` message, or several where a lane is large.
struct SnapshotRun {
    /// A lane as it was written.
    struct Member {
        let lane: Lane
        let slot: Int
        let seq: FrameNumber
    }

    private let head: ByteBuffer
    private let end: ByteBuffer
    private(set) var members: [Member] = []
    /// Each of shared pieces.
    private(set) var messages: [[ByteBuffer]] = []
    private(set) var rowCount = 0
    /// Whether it ends because nothing more fits, not because nothing more came.
    var isFull = false
    // The message that is being put together.
    private var pieces: [ByteBuffer] = []
    private var rows = 0
    private var bytes = 0

    private static let comma = ByteBuffer(string: ",")

    init(sid: Int?, isSlow: Bool) {
        head = ByteBuffer(
            string: sid.map { "{\"t\":\"snap\",\"sid\":\($0),\"lanes\":[" } ?? "{\"t\":\"snap\",\"lanes\":[")
        end = ByteBuffer(string: isSlow ? "],\"con\":\"slow\"}" : "]}")
    }

    /// Whether the lane fits into the message that is being put together.
    func fits(_ rendering: LaneRendering) -> Bool {
        rendering.parts.count == 1 && messages.isEmpty && rendering.parts.allSatisfy { fits($0) }
    }

    private func fits(_ part: LaneRendering.Part) -> Bool {
        rows + part.rowCount <= SnapshotLimit.rows && bytes + part.object.readableBytes <= SnapshotLimit.bytes
    }

    mutating func add(_ queued: QueuedLane, _ rendering: LaneRendering) {
        for part in rendering.parts {
            if !pieces.isEmpty, !fits(part) { finish() }
            pieces.append(pieces.isEmpty ? head : Self.comma)
            pieces.append(part.object)
            bytes += part.object.readableBytes
            rows += part.rowCount
        }
        members.append(Member(lane: queued.lane, slot: queued.attachment.slot, seq: rendering.seq))
        rowCount += rendering.rowCount
    }

    /// Ends the message that is being put together.
    mutating func finish() {
        guard !pieces.isEmpty else { return }
        pieces.append(end)
        messages.append(pieces)
        (pieces, rows, bytes) = ([], 0, 0)
    }
}

/// Runs that members of an audience were given, for the others who wait for the same: when all of them come back at once, their
/// snapshots are put together, and compressed, once.
struct SnapshotCache {
    struct Key: Hashable {
        let audience: ObjectIdentifier
        let sid: Int
        /// The first one of the run.
        let lane: Int
    }

    struct Entry {
        /// Held, so that no other one takes its place.
        let audience: Audience
        let members: [SnapshotRun.Member]
        let messages: [SharedFrames]
        let rowCount: Int
        let byteCount: Int
        private let isFull: Bool
        /// In which it was last found to be how the lanes are.
        var turn: Int

        init(_ run: SnapshotRun, _ audience: Audience, turn: Int) {
            self.audience = audience
            members = run.members
            messages = run.messages.map { SharedFrames(WebSocketFrame.text(joining: $0)) }
            rowCount = run.rowCount
            isFull = run.isFull
            byteCount = messages.reduce(0) { $0 + $1.byteCount }
            self.turn = turn
        }

        /// Whether the lanes are still how they were written. In one turn they are: what changes meanwhile is handed out in a
        /// later one.
        func isCurrent(in turn: Int) -> Bool {
            self.turn == turn
                || isSeenByAudience
                    && members.allSatisfy { member in member.lane.withState { $0.seq } == member.seq }
        }

        /// Whoever it was made for may have seen some of the lanes through another subscription.
        var isSeenByAudience: Bool {
            members.allSatisfy { audience.lanes[$0.lane.id]?.slot == $0.slot }
        }

        /// Whether it is what somebody is to be given who has `first`, and then what is queued: all of it that fits.
        func begins(_ first: QueuedLane, _ queue: LaneQueue) -> Bool {
            func successor(_ index: Int) -> QueuedLane? {
                guard case .lane(let next)? = queue.element(at: index - 1), next.reason.isLike(first.reason) else {
                    return nil
                }
                return next
            }
            guard members.first?.slot == first.attachment.slot, isFull || successor(members.count) == nil else {
                return false
            }
            return members.indices.dropFirst().allSatisfy { index in
                guard let next = successor(index) else { return false }
                return next.lane === members[index].lane && next.attachment.slot == members[index].slot
            }
        }
    }

    /// Text that is held, at most.
    private static let maximumBytes = 16 * 1024 * 1024

    private var entries: [Key: Entry] = [:]
    private var bytes = 0
    /// What was of no use since this turn is let go.
    private var sweptTurn = 0

    var count: Int { entries.count }

    /// What was kept under the key, if it is what comes next in the queue, and still true.
    mutating func entry(_ key: Key, _ first: QueuedLane, _ queue: LaneQueue, turn: Int) -> Entry? {
        guard let known = entries[key], known.begins(first, queue), known.isCurrent(in: turn) else { return nil }
        entries[key]?.turn = turn
        return known
    }

    mutating func keep(_ entry: Entry, _ key: Key) {
        if bytes + entry.byteCount > Self.maximumBytes { removeAll() }
        bytes += entry.byteCount - (entries.updateValue(entry, forKey: key)?.byteCount ?? 0)
    }

    /// Lets go of what nobody has asked for since this was called last.
    mutating func sweep(turn: Int) {
        defer { sweptTurn = turn }
        guard !entries.isEmpty else { return }
        entries = entries.filter { $0.value.turn >= sweptTurn }
        bytes = entries.values.reduce(0) { $0 + $1.byteCount }
    }

    private mutating func removeAll() {
        entries.removeAll()
        bytes = 0
    }
}
