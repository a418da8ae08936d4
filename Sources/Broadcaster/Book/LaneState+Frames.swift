import FeedModel
import NIOCore
import WebSocketTransport

/// What the encoding of deltas needs beside the lane: one scratch buffer for all, and the time that `pt` says.
struct FrameEncoding: Sendable {
    var json = JSONBytes(capacity: 16 * 1024)
    var now = Moment(monotonic: .zero, wall: Timestamp(microseconds: 0))
    /// Frames made since the last `take`, in order.
    private(set) var frames: [LaneFrame] = []
    private(set) var mergedFrames = 0

    mutating func add(lane: Int, slot: Int) {
        let buffer = json.bytes.withUnsafeBytes { WebSocketFrame.text($0) }
        frames.append(LaneFrame(lane: lane, slot: slot, buffer: buffer))
    }

    mutating func countMerged(_ count: Int) { mergedFrames += count }

    mutating func take() -> (frames: [LaneFrame], merged: Int) {
        defer {
            frames = []
            mergedFrames = 0
        }
        return (frames, mergedFrames)
    }
}

extension LaneState {
    /// More projections than this are not encoded for one lane: who comes later gets the unfiltered one.
    static let maximumProjections = 16

    // MARK: Who watches

    /// Counts one more user of a projection in a class. What is applied from now on is encoded for it.
    mutating func attach(_ projection: Projection, _ conflation: ConflationClass) -> Attachment {
        if let known = slots.firstIndex(where: { $0.projection == projection && $0.conflation == conflation }) {
            slots[known].users += 1
            return Attachment(slot: slots[known].id, projection: projection)
        }
        let isKnown = slots.contains { $0.projection == projection }
        if !isKnown, case .markets = projection.rows, Set(slots.map(\.projection)).count >= Self.maximumProjections {
            return attach(projection.unfiltered, conflation)
        }
        nextSlot += 1
        slots.append(
            ProjectionSlot(
                id: nextSlot, projection: projection, conflation: conflation, lastSeq: lastChange(projection),
                allowsMarket: markets.map { projection.includes(marketType: $0.type) }))
        return Attachment(slot: nextSlot, projection: projection)
    }

    /// The frame that last changed what the projection shows: the same on every instance, whenever its first user came, so
    /// that who comes from another instance with a cursor finds the chain of deltas unbroken.
    private func lastChange(_ projection: Projection) -> FrameNumber {
        guard case .markets = projection.rows else { return seq }
        let allowed = markets.map { projection.includes(marketType: $0.type) }
        var last = fixtureFrame
        for row in rows where allowed[row.market] { last = max(last, row.changedFrame) }
        for tombstone in tombstones.values where allowed[tombstone.market] { last = max(last, tombstone.frame) }
        return last
    }

    mutating func detach(slot id: Int) {
        guard let known = slots.firstIndex(where: { $0.id == id }) else { return }
        slots[known].users -= 1
        guard slots[known].users == 0 else { return }
        let projection = slots.remove(at: known).projection
        if !slots.contains(where: { $0.projection == projection }) { renderings[projection] = nil }
    }

    /// A market of a new kind has come.
    mutating func noteMarket(_ type: String) {
        for slot in slots.indices {
            slots[slot].allowsMarket.append(slots[slot].projection.includes(marketType: type))
        }
    }

    // MARK: Deltas

    /// Ends a frame: one delta for each projection that sees its changes. Returns whether a class holds changes back.
    mutating func finishFrame(_ frame: FrameNumber, _ encoding: inout FrameEncoding) -> Bool {
        guard isTouched else { return false }
        var isHoldingBack = false
        for slot in slots.indices {
            if slots[slot].conflation == .none {
                emit(slot, frame: frame, &encoding)
                continue
            }
            guard merge(slot, frame: frame) else { continue }
            if slots[slot].isDue(at: encoding.now.monotonic) {
                emitMerged(slot, frame: frame, &encoding)
            } else {
                isHoldingBack = true
            }
        }
        clearTouched(frame: frame)
        return isHoldingBack
    }

    /// Sends what classes have held back for long enough. Returns whether anything is still held back, and notes that.
    mutating func flush(_ encoding: inout FrameEncoding, noting held: inout HeldFrames) -> Bool {
        var isHoldingBack = false
        for slot in slots.indices where !slots[slot].pending.isEmpty {
            if slots[slot].isDue(at: encoding.now.monotonic) {
                emitMerged(slot, frame: seq, &encoding)
            } else {
                isHoldingBack = true
                held.note(slots[slot].pending.firstFrame, in: slots[slot].conflation)
            }
        }
        return isHoldingBack
    }

    private mutating func emit(_ slot: Int, frame: FrameNumber, _ encoding: inout FrameEncoding) {
        guard isVisible(slot) else { return }
        beginDelta(slots[slot], frame: frame, &encoding)
        if isFixtureTouched, let fixture { encoding.json.fixtureMember(fixtureID, fixture) }
        var list = JSONList(member: ",\"u\":[")
        for key in touchedKeys {
            guard let row = row(key), slots[slot].allows(row.market), !row.touched.isEmpty else { continue }
            list.next(&encoding.json)
            encoding.json.row(
                row, market: markets[row.market], mask: row.touched, format: slots[slot].projection.format)
        }
        list.end(&encoding.json)
        list = JSONList(member: ",\"r\":[")
        for key in touchedKeys {
            guard row(key) == nil, let tombstone = tombstones[key], slots[slot].allows(tombstone.market) else {
                continue
            }
            list.next(&encoding.json)
            encoding.json.removal(key, tombstone.reason)
        }
        list.end(&encoding.json)
        encoding.json.raw("}")
        encoding.add(lane: lane, slot: slots[slot].id)
        slots[slot].lastSeq = frame
    }

    /// Whether the frame changed anything that the slot's projection shows.
    private func isVisible(_ slot: Int) -> Bool {
        if isFixtureTouched { return true }
        if slots[slot].projection.rows == .all { return true }
        return touchedKeys.contains { key in
            guard let market = row(key)?.market ?? tombstones[key]?.market else { return false }
            return slots[slot].allows(market)
        }
    }

    /// Adds the frame's changes to what the slot has pending; false if its projection shows none of them.
    private mutating func merge(_ slot: Int, frame: FrameNumber) -> Bool {
        guard isVisible(slot) else { return false }
        for key in touchedKeys {
            if let row = row(key) {
                guard slots[slot].allows(row.market) else { continue }
                // Who has a snapshot from the middle of the window may hold more of the row than its last state has.
                let mask = row.touched.contains(.created) ? FieldMask.replacement : row.touched
                slots[slot].pending.masks[key, default: []].formUnion(mask)
            } else if let tombstone = tombstones[key], slots[slot].allows(tombstone.market) {
                slots[slot].pending.masks[key] = .replacement
            }
        }
        if isFixtureTouched { slots[slot].pending.isFixtureTouched = true }
        if slots[slot].pending.isEmpty { slots[slot].pending.firstFrame = frame }
        slots[slot].pending.frameCount += 1
        return true
    }

    private mutating func emitMerged(_ slot: Int, frame: FrameNumber, _ encoding: inout FrameEncoding) {
        let pending = slots[slot].pending
        slots[slot].pending.removeAll()
        slots[slot].lastEmission = encoding.now.monotonic
        beginDelta(slots[slot], frame: frame, &encoding)
        if pending.frameCount > 1 {
            encoding.json.raw(",\"con\":\"asked\"")
            encoding.countMerged(pending.frameCount - 1)
        }
        if pending.isFixtureTouched, let fixture { encoding.json.fixtureMember(fixtureID, fixture) }
        var list = JSONList(member: ",\"u\":[")
        for (key, mask) in pending.masks {
            guard let row = row(key) else { continue }
            list.next(&encoding.json)
            encoding.json.row(row, market: markets[row.market], mask: mask, format: slots[slot].projection.format)
        }
        list.end(&encoding.json)
        list = JSONList(member: ",\"r\":[")
        for key in pending.masks.keys where row(key) == nil {
            list.next(&encoding.json)
            encoding.json.removal(key, tombstones[key]?.reason ?? .closed)
        }
        list.end(&encoding.json)
        encoding.json.raw("}")
        encoding.add(lane: lane, slot: slots[slot].id)
        slots[slot].lastSeq = frame
    }

    private func beginDelta(_ slot: ProjectionSlot, frame: FrameNumber, _ encoding: inout FrameEncoding) {
        encoding.json.removeAll()
        encoding.json.raw("{\"t\":\"d\",\"ln\":")
        encoding.json.string(name)
        encoding.json.raw(",\"seq\":")
        encoding.json.integer(frame)
        encoding.json.raw(",\"prev\":")
        encoding.json.integer(slot.lastSeq)
        encoding.json.raw(",\"pt\":")
        encoding.json.integer(encoding.now.wall.milliseconds)
        encoding.json.projection(slot.projection)
    }
}
