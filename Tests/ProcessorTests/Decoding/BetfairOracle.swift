import FeedModel
import Foundation
import TestSupport

/// What `*.oracle.json` beside a recording says: independently computed states.
struct BetfairOracle: Decodable {
    struct Counts: Decodable {
        let lines: Int
        let market_changes: Int
        let market_definitions: Int
    }

    struct Market: Decodable {
        let status: String?
        let inPlay: Bool?
        let runners: [Runner]
        let line: Int?
    }

    struct Runner: Decodable {
        let id: Int
        let hc: Double
        let status: String?
        /// Price and size.
        let back: [Decimal]?
        let lay: [Decimal]?
        let ltp: Decimal?
    }

    struct Checkpoint: Decodable {
        let line: Int
        let markets: [String: Market]
    }

    struct Transition: Decodable {
        let line: Int
        let status: String?
        let inPlay: Bool?
    }

    struct MarketSummary: Decodable {
        let eventId: String?
        let eventTypeId: String?
        let eventName: String?
        let name: String?
        let marketType: String?
        let marketTime: String?
        let runner_names: [String: String]
        let status_transitions: [Transition]
        let last_open: Market?
        let final: Market
    }

    let counts: Counts
    let markets: [String: MarketSummary]
    let checkpoints: [Checkpoint]

    init(of recording: String) throws {
        let base = recording.hasSuffix(".gz") ? String(recording.dropLast(3)) : recording
        guard let path = SharedFixtures.path("betfair/\(base).oracle.json") else { throw CocoaError(.fileNoSuchFile) }
        self = try JSONDecoder().decode(BetfairOracle.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }
}

/// The lines of a recording, plain or compressed.
enum BetfairRecording {
    static func lines(of recording: String) throws -> [[UInt8]] {
        guard let path = SharedFixtures.path("betfair/\(recording)") else { throw CocoaError(.fileNoSuchFile) }
        return try data(path).split(separator: UInt8(ascii: "\n")).map { line in
            Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
        }
    }

    /// The frames of a file of messages: one message or list of them, or one a line, behind the time it was written.
    static func frames(of file: String) throws -> [[UInt8]] {
        guard let path = SharedFixtures.path("betfair/\(file)") else { throw CocoaError(.fileNoSuchFile) }
        if file.hasSuffix("ndjson") { return try lines(of: file) }
        if file.hasSuffix("txt") { return try lines(of: file).map { Array($0.drop { $0 != UInt8(ascii: "{") }) } }
        return [Array(try data(path))]
    }

    private static func data(_ path: String) throws -> Data {
        path.hasSuffix(".gz") ? try unzip(path) : try Data(contentsOf: URL(fileURLWithPath: path))
    }

    private static func unzip(_ path: String) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return data
    }
}
