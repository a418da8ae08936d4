import FeedModel

/// What is remembered of a fixture, beside its names.
struct FixtureState: Forgettable {
    /// Nil as long as only its odds were seen.
    var status: FixtureStatus?
    /// Has begun and has not ended; a suspended fixture that was live is.
    var isInPlay = false
    var startTime: Timestamp?
    var homeScore: Int32?
    var awayScore: Int32?
    var generation: UInt32

    var isOver: Bool { status == .finished || status == .cancelled }

    init(generation: UInt32) { self.generation = generation }

    mutating func enter(_ status: FixtureStatus) {
        self.status = status
        switch status {
        case .live: isInPlay = true
        case .suspended: break
        case .scheduled, .finished, .cancelled: isInPlay = false
        }
    }
}

extension FixtureState {
    func save(to writer: inout CheckpointWriter) {
        writer.put(status?.rawValue ?? 0)
        writer.put(isInPlay)
        writer.put(startTime?.microseconds)
        writer.put(homeScore.map(Int64.init))
        writer.put(awayScore.map(Int64.init))
        writer.put(unsigned: UInt64(generation))
    }

    init(from reader: inout CheckpointReader) throws(CheckpointError) {
        status = FixtureStatus(rawValue: try reader.byte("fixture status"))
        isInPlay = try reader.flag("in play")
        startTime = try reader.optional("start time").map(Timestamp.init(microseconds:))
        homeScore = try reader.optional("home score").map(Int32.init(truncatingIfNeeded:))
        awayScore = try reader.optional("away score").map(Int32.init(truncatingIfNeeded:))
        generation = UInt32(truncatingIfNeeded: try reader.unsigned("generation"))
    }
}

/// The names of a fixture as the fixture table keeps them: six texts with one-byte lengths.
struct FixtureNames {
    private let bytes: UnsafeRawBufferPointer

    init(viewing bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var sportID: TextView { text(0) }
    var sport: TextView { text(1) }
    var tournamentID: TextView { text(2) }
    var tournament: TextView { text(3) }
    var homeTeam: TextView { text(4) }
    var awayTeam: TextView { text(5) }

    private func text(_ number: Int) -> TextView {
        var offset = 0
        for _ in 0..<number where offset < bytes.count { offset += 1 + Int(bytes[offset]) }
        guard offset < bytes.count, offset + 1 + Int(bytes[offset]) <= bytes.count else { return .empty }
        return TextView(rebasing: bytes[(offset + 1)..<(offset + 1 + Int(bytes[offset]))])
    }

    /// The names of an event, as they are kept.
    static func bytes(of event: borrowing FixtureUpdate) -> [UInt8] {
        var bytes: [UInt8] = []
        append(event.sportID, to: &bytes)
        append(event.sport, to: &bytes)
        append(event.tournamentID, to: &bytes)
        append(event.tournament, to: &bytes)
        append(event.homeTeam, to: &bytes)
        append(event.awayTeam, to: &bytes)
        return bytes
    }

    private static func append(_ text: TextView, to bytes: inout [UInt8]) {
        bytes.append(UInt8(min(text.count, 255)))
        bytes.append(contentsOf: text.prefix(255))
    }
}
