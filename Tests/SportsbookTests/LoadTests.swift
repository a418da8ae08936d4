import FeedModel
import Foundation
import NIOCore
import Testing

@testable import Sportsbook

@Suite struct LoadTests {
    private static let start = Timestamp(milliseconds: 1_790_000_000_000)

    private func frames(_ buffer: ByteBuffer) -> [[UInt8]] {
        var buffer = buffer
        var frames: [[UInt8]] = []
        while let head = buffer.readInteger(as: UInt8.self), let short = buffer.readInteger(as: UInt8.self) {
            #expect(head == 0x81)
            let length =
                switch short {
                case 126: Int(buffer.readInteger(as: UInt16.self) ?? 0)
                case 127: Int(buffer.readInteger(as: UInt64.self) ?? 0)
                default: Int(short)
                }
            frames.append(buffer.readBytes(length: length) ?? [])
        }
        #expect(buffer.readableBytes == 0)
        return frames
    }

    private func written(
        _ configuration: LoadConfiguration, _ count: Int, from sequence: Int64, perFrame: Int = 1
    ) -> [[UInt8]] {
        var templates = LoadTemplates(configuration)
        var buffer = ByteBuffer()
        templates.write(count, from: sequence, perFrame: perFrame, at: { _ in Self.start }, to: &buffer)
        return frames(buffer)
    }

    /// Across the places where a number gets another digit, and around the end of the selections.
    @Test(arguments: [1, 95, 9_990, 8_190, 99_995, 999_999_990] as [Int64])
    func messagesAreWhatTheirNumberSays(first: Int64) throws {
        let configuration = LoadConfiguration()
        for (index, bytes) in written(configuration, 30, from: first).enumerated() {
            let message = try DecodedMessage(bytes)
            let expected = configuration.expectation(first + Int64(index))
            #expect(bytes.count == 300)
            #expect(message.type == "odds_change" && message.status == "open")
            #expect(message.seq == first + Int64(index))
            #expect(message.timestamp == Self.start.description)
            #expect(message.fixture_id == expected.fixtureID)
            #expect(message.market_type == expected.marketType && message.option_id == expected.optionID)
            #expect(message.line?.value == expected.line.map { Decimal(string: $0.description) ?? 0 })
            #expect(message.odd_value?.value == Decimal(string: expected.odd.description))
        }
    }

    @Test func arraysHoldTheSameMessages() throws {
        let configuration = LoadConfiguration()
        let singles = written(configuration, 40, from: 80)
        let arrays = written(configuration, 40, from: 80, perFrame: 16)
        #expect(arrays.count == 4, "8 more until the numbers get longer, 12 and 16 and 12 behind")
        #expect(
            try arrays.flatMap { try DecodedMessage.messages(in: $0) } == singles.map { try DecodedMessage($0) })
    }

    @Test func everySelectionAppears() {
        let configuration = LoadConfiguration(fixtures: 64)
        let all = Set(
            (1...Int64(configuration.selections)).map { number in
                let expected = configuration.expectation(number)
                return "\(expected.fixtureID) \(expected.marketType) \(expected.optionID)"
            })
        #expect(all.count == 512)
        #expect(configuration.expectation(5).odd != configuration.expectation(6).odd)
        for number in stride(from: Int64(0), to: 200_000, by: 7) {
            #expect((10_001...99_999).contains(LoadConfiguration.scaledOdd(number)))
        }
    }

    @Test func derivedTimesMakeMessagesPure() {
        var configuration = LoadConfiguration(total: 1_000)
        configuration.times = .derived(start: Self.start, step: .milliseconds(2))
        let first = LoadSource(configuration, mark: LoadMark()) { Self.start }
        let second = LoadSource(configuration, mark: LoadMark()) { Self.start + .seconds(9) }
        #expect(first.message(17) == second.message(17))
        let text = String(decoding: first.message(17), as: UTF8.self)
        #expect(text.contains((Self.start + .milliseconds(34)).description))
    }

    @Test func nonsenseIsRefused() {
        #expect(LoadConfiguration().problems.isEmpty)
        #expect(LoadConfiguration(total: -1, rate: 0, messageBytes: 10, fixtures: 0).problems.count == 4)
    }
}
