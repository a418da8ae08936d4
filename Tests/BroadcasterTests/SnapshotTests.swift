import FeedModel
import Foundation
import NIOCore
import Testing

@testable import Broadcaster

/// Snapshots that several members of an audience ask for.
struct SnapshotTests {
    private static let start = Moment(monotonic: .seconds(100), wall: Timestamp(microseconds: 1_766_414_833_000_000))
    private static let plain = AudienceKey(
        channel: .odds, filter: SubscriptionFilter(), format: .decimal, conflation: .none)
    private let instance: TestInstance
    private var script: EntryScript

    init() throws {
        let feed = try #require(FeedName("book-a"))
        instance = TestInstance(feeds: [feed], now: Self.start)
        script = EntryScript(feed: feed)
    }

    /// So many fixtures of so many rows.
    private mutating func fill(fixtures: Int, rows: Int, price: String = "1.5") throws {
        for fixture in 0..<fixtures {
            try instance.apply(
                script.entry(
                    (0..<rows).map { [.odds(fixture: "fx-\(fixture)", option: "o\($0)", price: price)] }), feed: 0)
        }
    }

    private func subscribe(_ form: WireForm = .frames, _ filter: String = "") throws -> TestConnection {
        let connection = instance.connect(form: form)
        connection.client.isRecording = true
        connection.outlet.watermark = .max
        try connection.send("{\"t\":\"sub\",\"id\":1,\"ch\":\"odds\",\"f\":{\(filter)}}")
        return connection
    }

    private func expectWhole(_ connection: TestConnection, _ key: AudienceKey = plain) throws {
        try connection.settle()
        #expect(differences(connection.client.lanes, try instance.expected(key)).isEmpty)
        #expect(connection.client.resyncs.isEmpty)
    }

    @Test mutating func whoComesTogetherIsGivenTheSameBytes() throws {
        try fill(fixtures: 40, rows: 60)
        instance.deliver()
        _ = try subscribe()
        for form in instance.forms {
            let connections = [try subscribe(form), try subscribe(form)]
            let snapshots = connections.map { $0.outlet.writes.filter { $0.readableBytes > 1_000 } }
            #expect(snapshots[0].count >= 5, "2,400 rows in messages of 500")
            let addresses = snapshots.map { $0.map { buffer in buffer.withUnsafeReadableBytes { $0.baseAddress } } }
            #expect(addresses[0] == addresses[1], "\(form)")
            for connection in connections { try expectWhole(connection) }
            #expect(connections.map { $0.client.messages("snap_end").last?["rows"] as? Int } == [2_400, 2_400])
        }
    }

    private func expectFullMessages(_ connection: TestConnection) {
        let snapshots = connection.outlet.inFlight.filter { $0.hasPrefix("{\"t\":\"snap\",") }
        #expect(snapshots.count > 2)
        for text in snapshots.dropLast() {
            let rows = text.components(separatedBy: "\"k\":").count - 1
            #expect(rows > SnapshotLimit.rows - 10 || text.utf8.count > SnapshotLimit.bytes - 4_096)
        }
    }

    @Test mutating func messagesAreAsFullAsTheyMayBe() throws {
        try fill(fixtures: 150, rows: 10)
        instance.deliver()
        for _ in 0..<2 {
            let connection = try subscribe()
            expectFullMessages(connection)
            try expectWhole(connection)
        }
    }

    /// Who resumes is given new lanes one by one.
    @Test mutating func whoResumesDoesNotCutUpWhatOthersAreGiven() throws {
        try fill(fixtures: 1, rows: 1)
        instance.deliver()
        let former = try subscribe()
        try former.settle()
        let cursor = try #require(former.client.cursors["1"])
        try fill(fixtures: 150, rows: 10)
        instance.deliver()
        let resumed = instance.connect(former.client)
        resumed.outlet.watermark = .max
        former.client.begin(with: [cursor])
        try resumed.send(World.command(Self.plain, resume: cursor))
        #expect(resumed.outlet.inFlight.count > 140)
        let other = try subscribe()
        expectFullMessages(other)
        for connection in [resumed, other] { try expectWhole(connection) }
    }

    @Test mutating func aLargeLaneComesInParts() throws {
        try fill(fixtures: 3, rows: 1_100)
        instance.deliver()
        for _ in 0..<3 { try expectWhole(try subscribe()) }
    }

    @Test mutating func whatChangedIsNotGivenAsItWas() throws {
        try fill(fixtures: 30, rows: 2)
        instance.deliver()
        let first = try subscribe()
        _ = try subscribe()
        try fill(fixtures: 1, rows: 2, price: "1.6")
        // The reader is ahead of what this event loop has handed out.
        let early = try subscribe()
        instance.deliver()
        let late = try subscribe()
        for connection in [first, early, late] { try expectWhole(connection) }
        #expect([first, early, late].allSatisfy { $0.client.messages("d").count <= 2 })
    }

    @Test mutating func whatLeftTheFilterIsNotGiven() throws {
        let filter = #""live":false"#
        try fill(fixtures: 3, rows: 2)
        instance.deliver()
        let connections = [try subscribe(.frames, filter), try subscribe(.frames, filter)]
        try instance.apply(script.entry(.fixture("fx-1", status: .live)), feed: 0)
        instance.deliver()
        let key = AudienceKey(
            channel: .odds, filter: SubscriptionFilter(isLive: false), format: .decimal, conflation: .none)
        for connection in connections + [try subscribe(.frames, filter)] {
            try expectWhole(connection, key)
            #expect(connection.client.lanes.count == 2)
        }
    }

    @Test mutating func whatNobodyAsksForIsLetGo() throws {
        try fill(fixtures: 3, rows: 2)
        instance.deliver()
        _ = [try subscribe(), try subscribe()]
        #expect(instance.hub.snapshots.count == 1)
        for _ in 0..<3 {
            instance.advance(.milliseconds(150))
            instance.deliver()
        }
        #expect(instance.hub.snapshots.count == 0)
    }
}
