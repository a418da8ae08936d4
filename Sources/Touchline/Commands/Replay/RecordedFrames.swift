import FeedModel
import Sportsbook
import Writer

/// The frames of recordings in the order in which they were received, without those of the session, which the history does not
/// keep. Several files are merged by the time of receipt.
struct RecordedFrames {
    /// One line of one file.
    private struct Place {
        let file: Int
        let line: Range<Int>
        let receivedAt: Int64
    }

    private let files: [RecordingFile]
    private let places: [Place]

    /// Throws where a recording does not tell when its frames were received: only a feed's own `record` does.
    init(paths: [String], provider: String) throws {
        let dialect = ReplayDialect(provider: provider)
        files = try paths.map { try RecordingFile(path: $0) }
        var places: [Place] = []
        for (number, file) in files.enumerated() {
            for line in file.lines where !file.withLine(line, dialect.isSessionLine) {
                guard let time = file.receivedAt(line) else {
                    throw CommandFailure(
                        description:
                            "\(file.path) does not say when its frames were received: only what a feed's 'record' wrote "
                            + "can fill the history")
                }
                places.append(Place(file: number, line: line, receivedAt: time))
            }
        }
        // What was received at one moment keeps the order in which it stands.
        self.places = places.enumerated()
            .sorted { ($0.element.receivedAt, $0.offset) < ($1.element.receivedAt, $1.offset) }.map(\.element)
    }

    var count: Int { places.count }

    func receivedAt(_ index: Int) -> Timestamp { Timestamp(microseconds: places[index].receivedAt) }

    func byteCount(_ index: Int) -> Int { places[index].line.count }

    /// Adds a frame to a raw entry.
    func append(_ index: Int, to entry: inout [UInt8]) {
        let place = places[index]
        let isBinary = files[place.file].isBinary(place.line)
        files[place.file].withLine(place.line) { RawEntry.append(frame: $0, isBinary: isBinary, to: &entry) }
    }

    /// The frames that a hole lacks.
    ///
    /// One read of the socket may be several entries of one time, so that those of the first and the last moment may be missing
    /// in part: as far as the ledger has fewer. Where nothing was recorded at its time an entry was one of our own.
    func indices(in hole: HistoryHole) -> Range<Int> {
        let first = indices(at: hole.from)
        let last = indices(at: hole.to)
        let start = first.lowerBound + min(hole.framesAtFrom, first.count)
        return start..<max(start, last.upperBound - min(hole.framesAtTo, last.count))
    }

    private func indices(at time: Timestamp) -> Range<Int> {
        partition { $0 >= time.microseconds }..<partition { $0 > time.microseconds }
    }

    /// The first whose time is so, of which all behind it are.
    private func partition(_ isBehind: (Int64) -> Bool) -> Int {
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(places[middle].receivedAt) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
