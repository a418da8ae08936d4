import DedicatedThread
import FeedModel
import Foundation
import Telemetry

/// A feed's entries on disk while Redis is away: numbered as they will stand in Redis, in segments, in order.
///
/// Calls block on the disk, on a thread of the spool's own.
actor Spool {
    private nonisolated let thread = DedicatedThread(name: "feed-spool")
    private let configuration: SpoolConfiguration
    private let folder: String
    private var segments: [SpoolSegment] = []
    private var lastSync = ContinuousClock.now
    /// Held while there are segments: another process must not take them for a dead one's.
    private var lock: SpoolLock?
    /// What was thrown away for newer entries since the spool was last empty.
    private(set) var droppedFrames: FrameNumber = 0
    /// Where reading goes on: behind `frame`, at `offset` of the segment.
    private var cursor: (frame: FrameNumber, segment: Int, offset: Int)?

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Parameter name: the folder's: of the feed and of the keys' prefix.
    init(_ configuration: SpoolConfiguration, name: String) {
        self.configuration = configuration
        folder = configuration.directory + "/" + name
    }

    deinit { thread.stop() }

    /// The frames in it; nil when it is empty.
    var frames: ClosedRange<FrameNumber>? {
        guard let first = segments.first(where: { $0.frames != nil })?.frames,
            let last = segments.last(where: { $0.frames != nil })?.frames
        else { return nil }
        return first.lowerBound...last.upperBound
    }

    var term: Term? { segments.first?.term }

    /// On the disk, in segments.
    var bytes: Int { segments.reduce(0) { $0 + $1.bytes } }

    /// Finds what an earlier process left. What cannot be read, or is of several terms, is set aside.
    func open() throws(SpoolError) {
        segments = []
        cursor = nil
        guard FileManager.default.fileExists(atPath: folder) else { return }
        try acquire()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names.filter({ $0.hasSuffix(".segment") }).sorted() {
            guard let segment = try SpoolSegment.recover("\(folder)/\(name)") else {
                rename("\(folder)/\(name)", "\(folder)/\(name).unreadable")
                continue
            }
            segments.append(segment)
        }
        if segments.contains(where: { $0.term != term }) { setAside() }
        if segments.isEmpty { removeAll() }
    }

    /// Makes the folder and locks it.
    private func acquire() throws(SpoolError) {
        guard lock == nil else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .system(operation: "create", path: folder, reason: SystemReason.of(error))
        }
        lock = try SpoolLock.take(folder + "/lock")
    }

    /// Takes entries that follow what is in it; none just lets the disk have what it is owed. Throws when the limit
    /// is reached, unless the oldest may go for them, and takes none of them then; or when the disk takes no more, and has
    /// those before.
    @discardableResult
    func store(_ entries: [NumberedEntry], term: Term) throws(SpoolError) -> SpoolFill {
        let total = entries.reduce(0) { $0 + SpoolRecord.bytes(of: $1) }
        guard configuration.policy == .dropOldest || bytes + total <= configuration.maximumBytes else {
            throw .full(limit: configuration.maximumBytes)
        }
        var rest = entries[...]
        while let first = rest.first {
            try acquire()
            if segments.isEmpty || (segments.last?.bytes ?? 0) >= configuration.effectiveSegmentBytes {
                try begin(at: first.first, term: term)
            }
            var size = SpoolRecord.bytes(of: first)
            var count = 1
            let room = configuration.effectiveSegmentBytes - (segments.last?.bytes ?? 0)
            for entry in rest.dropFirst() where size <= room {
                size += SpoolRecord.bytes(of: entry)
                count += 1
            }
            try makeRoom(for: size)
            try segments.last?.store(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        try syncIfDue()
        return SpoolFill(bytes: bytes, droppedFrames: droppedFrames)
    }

    private func begin(at frame: FrameNumber, term: Term) throws(SpoolError) {
        try segments.last?.sync()
        // Numbers have one width, so that names sort as numbers do.
        let digits = String(frame)
        let name = String(repeating: "0", count: max(0, 19 - digits.count)) + digits
        segments.append(try .create("\(folder)/\(name).segment", term: term))
    }

    /// Never drops the segment that is written to: what came last is what counts most.
    private func makeRoom(for size: Int) throws(SpoolError) {
        while bytes + size > configuration.maximumBytes {
            guard size <= configuration.maximumBytes, segments.count > 1, let oldest = segments.first else {
                throw .full(limit: configuration.maximumBytes)
            }
            unlink(oldest.path)
            segments.removeFirst()
            cursor = nil
            droppedFrames += oldest.frames.map { FrameNumber($0.count) } ?? 0
        }
    }

    private func syncIfDue() throws(SpoolError) {
        guard ContinuousClock.now - lastSync >= configuration.syncInterval else { return }
        lastSync = .now
        try segments.last?.sync()
    }

    /// The entries behind `frame`, at most about `limit` bytes of them; empty at the end.
    func entries(after frame: FrameNumber, limit: Int = 4 << 20) throws(SpoolError) -> [NumberedEntry] {
        if cursor?.frame != frame { cursor = (frame, 0, SpoolSegment.headBytes) }
        while var place = cursor, place.segment < segments.count {
            let segment = segments[place.segment]
            let (entries, end) = try segment.read(at: place.offset, limit: limit)
            if entries.isEmpty {
                guard place.segment + 1 < segments.count else { return [] }
                place.segment += 1
                place.offset = SpoolSegment.headBytes
                cursor = place
                continue
            }
            place.offset = end
            let wanted = entries.filter { $0.last > frame }
            if let last = wanted.last { place.frame = last.last }
            cursor = place
            if !wanted.isEmpty { return wanted }
        }
        return []
    }

    /// Forgets everything: it is in Redis.
    func removeAll() {
        for segment in segments { unlink(segment.path) }
        segments = []
        cursor = nil
        droppedFrames = 0
        guard let lock else { return }
        unlink(lock.path)
        self.lock = nil
        // Stays when something was set aside in it.
        rmdir(folder)
    }

    /// Leaves what is in it on the disk for whoever opens it next, this process included.
    func close() {
        segments = []
        cursor = nil
        lock = nil
    }

    /// Keeps what is in it for people: nobody may append it any more.
    func setAside() {
        for segment in segments { rename(segment.path, segment.path + ".aside") }
        segments = []
        cursor = nil
    }
}
