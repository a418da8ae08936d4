import DedicatedThread
package import FeedModel
import Foundation
package import Logging
import Metrics
import Synchronization
import Telemetry
package import WebSocketTransport

/// Writes what a feed's socket delivered to files that `touchline replay` reads.
///
/// Never holds up the feed: what the disk does not take in time is left out of the recording, counted and logged.
package actor FeedRecorder {
    /// Frames that were copied out of their batches, in order.
    private struct Pending {
        var batches: [(receivedAt: Timestamp, bytes: [UInt8])] = []
        var bytes = 0
        var dropped = 0
    }

    private nonisolated let pending = Mutex(Pending())
    private nonisolated let thread = DedicatedThread(name: "feed-record")
    private nonisolated let configuration: RecordingConfiguration
    private nonisolated let recorded: Counter
    private nonisolated let dropped: Counter
    private let logger: Logger
    private var files: RecordingFiles
    private var lines = RecordedLines()
    private var blockStart: Timestamp?
    private var lastWrite = ContinuousClock.now
    private var isFailing = false

    /// A block is compressed and written when it is so large, or old enough.
    private static let blockBytes = 1 << 20

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    package init(_ configuration: RecordingConfiguration, feed: FeedName, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        files = RecordingFiles(configuration, feed: feed)
        recorded = Counter(label: "touchline_feed_recorded_frames_total", dimensions: [("feed", feed.text)])
        dropped = Counter(
            label: "touchline_feed_dropped_total", dimensions: [("feed", feed.text), ("reason", "recording")])
    }

    deinit { thread.stop() }

    /// Takes a copy of a batch's frames; returns at once.
    package nonisolated func record(_ batch: MessageBatch) {
        let isTaken = pending.withLock { pending in
            guard pending.bytes + batch.bytes.count <= configuration.pendingBytes else {
                pending.dropped += batch.messageCount
                return false
            }
            // A copy of the bytes alone: sharing the batch's own storage would make its next use a copy of the whole.
            let bytes = batch.bytes.withUnsafeBytes { [UInt8]($0) }
            pending.batches.append((Timestamp(microseconds: batch.receivedAt), bytes))
            pending.bytes += bytes.count
            return true
        }
        if !isTaken { dropped.increment(by: batch.messageCount) }
    }

    /// Writes what was recorded until its task is cancelled, and the rest of it then.
    package func run() async {
        while !Task.isCancelled {
            write()
            try? await Task.sleep(for: .milliseconds(250))
        }
        write(isLast: true)
        files.close()
    }

    private func write(isLast: Bool = false) {
        let taken = pending.withLock { pending in
            defer { pending = Pending() }
            return pending
        }
        if taken.dropped > 0 {
            logger.error("the disk is too slow for the recording", metadata: ["frames": "\(taken.dropped)"])
        }
        for batch in taken.batches {
            if blockStart == nil { blockStart = batch.receivedAt }
            batch.bytes.withUnsafeBytes { lines.append(frames: $0, receivedAt: batch.receivedAt) }
            if lines.bytes.count >= Self.blockBytes { writeBlock() }
        }
        if isLast || ContinuousClock.now - lastWrite >= configuration.period { writeBlock() }
    }

    private func writeBlock() {
        lastWrite = .now
        guard let start = blockStart else { return }
        defer { (lines, blockStart) = (RecordedLines(), nil) }
        do {
            guard let block = GzipMember.compress(lines.bytes) else {
                throw RecordingError(operation: "compress", path: configuration.directory, code: ENOMEM)
            }
            try files.append(block, at: start)
            recorded.increment(by: lines.count)
            if isFailing { logger.notice("recording again") }
            isFailing = false
        } catch {
            files.close()
            dropped.increment(by: lines.count)
            if !isFailing { logger.error("the feed is not recorded", metadata: [LogKey.error: "\(error)"]) }
            isFailing = true
        }
    }
}
