import FeedModel
import Foundation

/// One file of the spool: a head that names the term, then records. Read and written on the spool's own thread.
final class SpoolSegment {
    static let magic = Array("TLSPOOL1".utf8)
    static let headBytes = 16

    let path: String
    let term: Term
    /// The first and last frame in it; nil without records.
    private(set) var frames: ClosedRange<FrameNumber>?
    private(set) var bytes: Int
    private let descriptor: Int32
    private var isDirty = false

    private init(path: String, term: Term, descriptor: Int32, bytes: Int) {
        self.path = path
        self.term = term
        self.descriptor = descriptor
        self.bytes = bytes
    }

    deinit { close(descriptor) }

    /// Begins an empty segment.
    static func create(_ path: String, term: Term) throws(SpoolError) -> SpoolSegment {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .failed("create", path: path) }
        var head = magic
        withUnsafeBytes(of: term.rawValue.littleEndian) { head.append(contentsOf: $0) }
        let segment = SpoolSegment(path: path, term: term, descriptor: descriptor, bytes: 0)
        try segment.write(head)
        return segment
    }

    /// Opens what an earlier process left. A tail that is not whole and sound is cut and kept beside it as `.torn`; nil if
    /// even the head is not.
    static func recover(_ path: String) throws(SpoolError) -> SpoolSegment? {
        let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw .failed("open", path: path) }
        guard let data = FileManager.default.contents(atPath: path), data.starts(with: magic), data.count >= headBytes
        else {
            close(descriptor)
            return nil
        }
        let term = data.withUnsafeBytes {
            Term(rawValue: UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
        let segment = SpoolSegment(path: path, term: term, descriptor: descriptor, bytes: headBytes)
        data.withUnsafeBytes { bytes in
            // Payloads are not copied here: only where the records end is of interest.
            while let place = SpoolRecord.find(bytes, at: segment.bytes) {
                guard place.frames.lowerBound > segment.frames?.upperBound ?? -1 else { return }
                segment.frames = (segment.frames ?? place.frames).lowerBound...place.frames.upperBound
                segment.bytes = place.end
            }
        }
        if segment.bytes < data.count { try segment.cut(data[segment.bytes...]) }
        return segment
    }

    private func cut(_ tail: Data) throws(SpoolError) {
        guard FileManager.default.createFile(atPath: path + ".torn", contents: tail) else {
            throw .failed("create", path: path + ".torn")
        }
        guard ftruncate(descriptor, off_t(bytes)) == 0 else { throw .failed("truncate", path: path) }
    }

    /// Appends records; on failure, such as a full disk, the segment is as it was before.
    func store(_ entries: [NumberedEntry]) throws(SpoolError) {
        var records: [UInt8] = []
        records.reserveCapacity(entries.reduce(0) { $0 + $1.payload.count + SpoolRecord.headBytes })
        for entry in entries { SpoolRecord.append(entry, to: &records) }
        try write(records)
        guard let first = entries.first, let last = entries.last else { return }
        frames = (frames?.lowerBound ?? first.first)...last.last
    }

    private func write(_ data: [UInt8]) throws(SpoolError) {
        var written = 0
        while written < data.count {
            let count = data.withUnsafeBytes { data in
                pwrite(descriptor, data.baseAddress.map { $0 + written }, data.count - written, off_t(bytes + written))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = SpoolError.failed("write", path: path)
                ftruncate(descriptor, off_t(bytes))
                throw error
            }
            written += count
        }
        bytes += written
        isDirty = true
    }

    /// Makes the disk have what was written.
    func sync() throws(SpoolError) {
        guard isDirty else { return }
        guard fsync(descriptor) == 0 else { throw .failed("fsync", path: path) }
        isDirty = false
    }

    /// Records from `offset` on, at most about `limit` bytes of them, and where they end.
    func read(at offset: Int, limit: Int) throws(SpoolError) -> (entries: [NumberedEntry], end: Int) {
        var buffer = [UInt8](repeating: 0, count: max(0, min(limit, bytes - offset)))
        try fill(&buffer, from: offset)
        // A record larger than the limit is read on its own.
        if buffer.count >= SpoolRecord.headBytes, bytes - offset > buffer.count {
            let length = buffer.withUnsafeBytes { Int(UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))) }
            let whole = min(length + SpoolRecord.headBytes, bytes - offset)
            if whole > buffer.count {
                buffer = [UInt8](repeating: 0, count: whole)
                try fill(&buffer, from: offset)
            }
        }
        var entries: [NumberedEntry] = []
        var end = 0
        buffer.withUnsafeBytes { bytes in
            while let (entry, next) = SpoolRecord.read(bytes, at: end) {
                entries.append(entry)
                end = next
            }
        }
        return (entries, offset + end)
    }

    private func fill(_ buffer: inout [UInt8], from offset: Int) throws(SpoolError) {
        var filled = 0
        let wanted = buffer.count
        while filled < wanted {
            let count = buffer.withUnsafeMutableBytes { bytes in
                pread(descriptor, bytes.baseAddress.map { $0 + filled }, wanted - filled, off_t(offset + filled))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .failed("read", path: path) }
            filled += count
        }
    }
}
