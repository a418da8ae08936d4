package import FeedModel
import RedisStreams
package import Telemetry

/// An entry that has its numbers: what is appended, kept for five seconds, and appended again if Redis forgets it.
package struct NumberedEntry: Sendable, Equatable {
    package let first: FrameNumber
    package let last: FrameNumber
    package let receivedAt: Timestamp
    package let payload: [UInt8]
    /// Of an entry that is traced; the spool does not keep it.
    package var trace: TraceContext?

    package init(first: FrameNumber, last: FrameNumber, receivedAt: Timestamp, payload: [UInt8]) {
        self.first = first
        self.last = last
        self.receivedAt = receivedAt
        self.payload = payload
    }

    /// As it stands in `raw`.
    var streamEntry: StreamEntry { StreamEntry(id: StreamID(UInt64(first)), payload: payload, trace: trace) }
}

/// Numbers frames and cuts them into entries: at 64 frames, at 64 KiB, and around every control event.
package struct EntryBuilder {
    package let term: Term
    /// The number that the next frame gets.
    package private(set) var next: FrameNumber
    /// The last frame of the entry before the one being built.
    private var prev: FrameNumber
    private var frames: [UInt8] = []
    private var frameCount = 0
    private var receivedAt: Timestamp
    private var closed: [NumberedEntry] = []
    package private(set) var requestsHandled: RequestID

    /// Continues a term behind its last entry.
    package init(after header: RawEntryHeader) {
        term = header.term
        next = header.last + 1
        prev = header.last
        receivedAt = header.receivedAt
        requestsHandled = header.requestsHandled
        frames.reserveCapacity(RawEntry.maximumBytes + 4096)
    }

    package var lastReceivedAt: Timestamp { receivedAt }

    /// Time within a feed never goes back, whatever the clock does.
    package mutating func advance(to time: Timestamp) {
        if time > receivedAt { receivedAt = time }
    }

    /// Whether the next frame, of `bytes`, has to start a new entry when a run of `count` frames and `size` bytes that is not
    /// added yet goes before it.
    package func isFull(behind run: (count: Int, size: Int) = (0, 0), adding bytes: Int) -> Bool {
        let count = frameCount + run.count
        let size = frames.count + run.size + bytes
        return count == RawEntry.maximumFrames || (count > 0 && size > RawEntry.maximumBytes)
    }

    /// Adds a run of `count` frames, each `length u32, bytes`. The caller has cut it so that it fits.
    package mutating func add(run: UnsafeRawBufferPointer, count: Int) {
        frames.append(contentsOf: run)
        frameCount += count
    }

    /// Ends the entry being built, if it has frames. `token` is the provider's as of its end.
    package mutating func close(token: [UInt8]) {
        guard frameCount > 0 else { return }
        let header = takeHeader(.frames, frameCount: frameCount, token: token)
        var payload: [UInt8] = []
        payload.reserveCapacity(frames.count + 64 + token.count)
        RawEntry.append(header, to: &payload)
        payload.append(contentsOf: frames)
        frames.removeAll(keepingCapacity: true)
        frameCount = 0
        closed.append(.init(first: header.first, last: header.last, receivedAt: header.receivedAt, payload: payload))
    }

    /// Entries say from here on that a request is handled. The first that does is the one that handles it: what is pending is
    /// closed before, and a crash in between loses no request.
    package mutating func handled(_ request: RequestID, token: [UInt8]) {
        close(token: token)
        requestsHandled = request
    }

    /// Adds a control event as an entry of its own, behind what was added before. Returns the entry's frame number.
    @discardableResult
    package mutating func add(control event: ControlEvent, token: [UInt8]) -> FrameNumber {
        close(token: token)
        let header = takeHeader(.control, frameCount: 1, token: token)
        closed.append(
            .init(
                first: header.first, last: header.last, receivedAt: header.receivedAt,
                payload: RawEntry.control(event, header: header)))
        return header.first
    }

    /// The entries closed since the last call.
    package mutating func takeClosed() -> [NumberedEntry] {
        defer { closed.removeAll(keepingCapacity: true) }
        return closed
    }

    private mutating func takeHeader(_ kind: RawEntryHeader.Kind, frameCount: Int, token: [UInt8]) -> RawEntryHeader {
        let header = RawEntryHeader(
            kind: kind, term: term, first: next, frameCount: frameCount, prev: prev, receivedAt: receivedAt,
            requestsHandled: requestsHandled, resumeToken: token)
        next = header.last + 1
        prev = header.last
        return header
    }
}
