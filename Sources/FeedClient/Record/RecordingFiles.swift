import FeedModel
import Foundation

/// The files of one feed's recording: appended to in whole blocks, a new one every hour or when one is large enough.
///
/// Used on the recorder's thread, because it blocks on the disk.
struct RecordingFiles {
    private let configuration: RecordingConfiguration
    private let feed: FeedName
    private var open: (descriptor: Int32, path: String, hour: Int64, bytes: Int)?

    init(_ configuration: RecordingConfiguration, feed: FeedName) {
        self.configuration = configuration
        self.feed = feed
    }

    /// Appends a block whose first frame was received at `time`; on failure nothing of it is in the file.
    mutating func append(_ block: [UInt8], at time: Timestamp) throws(RecordingError) {
        let hour = time.microseconds / 3_600_000_000
        if let open, open.hour != hour || open.bytes >= configuration.fileBytes { close() }
        if open == nil { open = try create(at: time, hour: hour) }
        guard var file = open else { return }
        let written = block.withUnsafeBytes { write(file.descriptor, $0.baseAddress, $0.count) }
        guard written == block.count else {
            let error = RecordingError(operation: "write", path: file.path, code: written < 0 ? errno : ENOSPC)
            // Half a block would make the rest of the file unreadable.
            ftruncate(file.descriptor, off_t(file.bytes))
            throw error
        }
        file.bytes += written
        open = file
    }

    mutating func close() {
        guard let open else { return }
        Glibc.close(open.descriptor)
        // A full disk takes the name of a file and nothing else.
        if open.bytes == 0 { unlink(open.path) }
        self.open = nil
    }

    /// `<feed>-<UTC time>.ndjson.gz`, with a number behind it when that second has one already.
    private func create(
        at time: Timestamp, hour: Int64
    ) throws(RecordingError) -> (descriptor: Int32, path: String, hour: Int64, bytes: Int) {
        let directory = configuration.directory
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw RecordingError(operation: "create", path: directory, code: errno)
        }
        let stamp = time.description.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
        for number in 1...999 {
            let path = "\(directory)/\(feed)-\(stamp)\(number == 1 ? "" : "-\(number)").ndjson.gz"
            let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o640)
            if descriptor >= 0 {
                // Ends with the descriptor, and says until then that the file will grow: to `archive push`, for
                // instance.
                _ = flock(descriptor, LOCK_EX | LOCK_NB)
                return (descriptor, path, hour, 0)
            }
            guard errno == EEXIST else { throw RecordingError(operation: "create", path: path, code: errno) }
        }
        throw RecordingError(operation: "create", path: "\(directory)/\(feed)-\(stamp).ndjson.gz", code: EEXIST)
    }
}

/// Why a block of a recording is not on the disk.
struct RecordingError: Error, CustomStringConvertible {
    let operation: String
    let path: String
    let code: Int32

    var description: String { "cannot \(operation) \(path): \(String(cString: strerror(code)))" }
}
