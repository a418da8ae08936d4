import FeedModel
import Foundation
import TestSupport

@testable import Processor

/// The example messages of the prediction exchanges, and what they say, computed here with other means than the decoders'.
enum PredictionExamples {
    /// After everything that was recorded.
    static let receivedAt = Timestamp(milliseconds: 1_795_253_400_000)

    static func file(_ path: String) throws -> [UInt8] {
        guard let path = SharedFixtures.path(path) else { throw CocoaError(.fileNoSuchFile) }
        return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    static func lines(_ path: String) throws -> [[UInt8]] {
        try file(path).split(separator: UInt8(ascii: "\n")).map(Array.init)
    }

    /// The lines of a compressed table, split at commas, without its head.
    static func rows(_ path: String) throws -> [[String]] {
        guard let path = SharedFixtures.path(path) else { throw CocoaError(.fileNoSuchFile) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").dropFirst().map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
    }

    static func object(_ json: [UInt8]) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any] ?? [:]
    }

    /// 1/price with four digits, half to even; nil for what nobody can trade at.
    static func odds(_ price: Decimal?) -> FixedDecimal? {
        guard let price, price > 0, price < 1 else { return nil }
        var exact = 1 / price
        var rounded = Decimal()
        NSDecimalRound(&rounded, &exact, 4, .bankers)
        return FixedDecimal("\(rounded)")
    }

    static func decimal(_ value: Any?) -> Decimal? { (value as? String).flatMap { Decimal(string: $0) } }

    /// Price and size of the best level: the highest bid, the lowest ask.
    static func best(_ levels: Any?, isBid: Bool) -> (price: Decimal, size: Decimal)? {
        let pairs = (levels as? [[String: String]] ?? []).compactMap { level -> (price: Decimal, size: Decimal)? in
            guard let price = decimal(level["price"]), let size = decimal(level["size"]) else { return nil }
            return (price, size)
        }
        return isBid ? pairs.max { $0.price < $1.price } : pairs.min { $0.price < $1.price }
    }
}
