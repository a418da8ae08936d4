import FeedModel
import NIOCore
import WebSocketTransport

/// The lines of one or several recordings in the order and at the times in which they are sent.
struct ReplayTimeline: Sendable {
    /// One frame to send.
    struct Line: Sendable {
        let file: Int
        let range: Range<Int>
        /// The provider's clock, never going back within a file, in milliseconds since 1970.
        let clock: Int64
        /// When it is due at speed 1, in milliseconds from the beginning.
        let due: Int64
    }

    let files: [RecordingFile]
    let lines: [Line]
    let dialect: ReplayDialect

    /// Merges the files by the provider's clock; lines of one file keep their order, of two with the same time the earlier
    /// file's comes first. What is earlier than `start` is due at once; a silence longer than `longestSilence` is cut.
    init(
        _ files: [RecordingFile], dialect: ReplayDialect, from start: Timestamp? = nil,
        longestSilence: Duration? = nil
    ) {
        self.files = files
        self.dialect = dialect
        let clocks = files.map { Self.clocks(of: $0, dialect: dialect) }
        var cursors = [Int](repeating: 0, count: files.count)
        var lines: [Line] = []
        lines.reserveCapacity(clocks.reduce(0) { $0 + $1.count })
        let longest = longestSilence.map { $0.microseconds / 1_000 } ?? .max
        var due: Int64 = 0
        var last: Int64?
        while let file = Self.earliest(clocks, cursors) {
            let (range, clock) = clocks[file][cursors[file]]
            cursors[file] += 1
            if let last, start.map({ clock > $0.milliseconds }) ?? true {
                let since = max(last, start?.milliseconds ?? last)
                due += min(max(0, clock - since), longest)
            }
            last = max(last ?? clock, clock)
            lines.append(Line(file: file, range: range, clock: clock, due: due))
        }
        self.lines = lines
    }

    private static func earliest(_ clocks: [[(Range<Int>, Int64)]], _ cursors: [Int]) -> Int? {
        clocks.indices.filter { cursors[$0] < clocks[$0].count }
            .min { clocks[$0][cursors[$0]].1 < clocks[$1][cursors[$1]].1 }
    }

    /// A line that does not tell the time has that of the line before it.
    private static func clocks(of file: RecordingFile, dialect: ReplayDialect) -> [(Range<Int>, Int64)] {
        var last: Int64?
        var result: [(Range<Int>, Int64)] = []
        var untimed = 0
        for range in file.lines {
            let (isSession, said) = file.withLine(range) { (dialect.isSessionLine($0), dialect.clock($0)) }
            if isSession { continue }
            // What was recorded from a socket is sent as it came, bursts and pauses included.
            let clock = file.receivedAt(range).map { $0 / 1_000 } ?? said
            if let clock { last = max(last ?? clock, clock) }
            if last == nil { untimed += 1 }
            result.append((range, last ?? 0))
        }
        for index in 0..<min(untimed, result.count) { result[index].1 = last == nil ? 0 : result[untimed].1 }
        return result
    }

    func withLine<Result>(_ line: Line, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        files[line.file].withLine(line.range, body)
    }

    /// Appends a line as the WebSocket frame that it came in.
    func append(_ line: Line, to buffer: inout ByteBuffer) {
        let isBinary = files[line.file].isBinary(line.range)
        withLine(line) { bytes in
            if isBinary {
                WebSocketFrame.appendBinary(bytes, to: &buffer)
            } else {
                WebSocketFrame.appendText(bytes, to: &buffer)
            }
        }
    }

    /// The index of the first line to send, and whether that resumes what the client has.
    func start(_ start: ReplayRequest.Start) -> (index: Int, isResumed: Bool) {
        switch start {
        case .beginning: return (0, false)
        case .behindClock(let token):
            let index = lines.lastIndex { line in
                withLine(line) { TopLevelScanner.value(of: "clk", in: $0)?.elementsEqual(token.utf8) == true }
            }
            return index.map { ($0 + 1, true) } ?? (0, false)
        case .behindSequence(let sequence):
            let index = lines.firstIndex { line in
                withLine(line) { TopLevelScanner.integer(of: "seq", in: $0).map { $0 > sequence } == true }
            }
            return index.map { ($0, true) } ?? (0, false)
        }
    }

    /// The lowest `seq` from `index` on, if lines carry one.
    func sequence(from index: Int) -> Int64? {
        for line in lines[min(index, lines.count)...] {
            if let sequence = withLine(line, { TopLevelScanner.integer(of: "seq", in: $0) }) { return sequence }
        }
        return nil
    }

    /// The highest `seq` before `index`, if lines carry one.
    func lastSequence(before index: Int) -> Int64? {
        for line in lines[..<min(index, lines.count)].reversed() {
            if let sequence = withLine(line, { TopLevelScanner.integer(of: "seq", in: $0) }) { return sequence }
        }
        return nil
    }

    /// Whether the recording tells where its snapshot ends.
    var hasSnapshotEnd: Bool {
        lines.contains { line in
            withLine(line) {
                TopLevelScanner.value(of: "type", in: $0).map(TopLevelScanner.text) == "snapshot_complete"
            }
        }
    }
}
