import FeedModel

/// A feed's state as of a frame: what an instance starts from, so that it need not have seen the feed's whole life.
///
/// Payload version 1, little-endian: `version u8, frame i64, received_at i64 µs`, which is all that trimming needs to read,
/// then term, session, recovery, history and the lanes in the order of the coding below.
struct BookCheckpoint: Sendable, Equatable {
    var frame: FrameNumber
    var receivedAt: Timestamp
    var term: Term
    var history: FeedHistory
    var session: SessionState?
    var recovery: String
    var isPartial: Bool
    var lanes: [SavedLane]

    static let version: UInt8 = 1
}

/// What a checkpoint keeps of a lane.
struct SavedLane: Sendable, Equatable {
    var fixtureID = ""
    var seq: FrameNumber = 0
    var fixture: FixtureInfo?
    var fixturePosition = Position(rawValue: -1)
    var fixtureFrame: FrameNumber = 0
    var factsFrame: FrameNumber = 0
    var changedAt = Timestamp(microseconds: 0)
    var markets: [Market] = []
    var rows: [Row] = []
    var tombstones: [UInt64: Tombstone] = [:]
}
