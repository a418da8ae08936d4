import FeedModel
import Foundation
import Processor

/// What libFuzzer calls with every input; `scripts/fuzz.sh` builds and runs it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    harness.run(UnsafeRawBufferPointer(start: data, count: size))
    return 0
}

// Unsafe only in name: libFuzzer calls on one thread, one input at a time.
nonisolated(unsafe) private var harness = DecoderHarness()

/// Feeds inputs to one provider's decoder as the Processor would, and holds what comes out against what must always hold.
///
/// An input is an entry: its frames are separated by a record separator (0x1E). The decoder keeps its state for some inputs,
/// because much of it can only be reached with state.
private struct DecoderHarness: ~Copyable {
    private static let separator: UInt8 = 0x1E
    private static let inputsPerDecoder = 512
    private static let provider = ProcessInfo.processInfo.environment["FUZZ_PROVIDER"] ?? "sportsbook"

    private var decoder: (any FeedDecoder)?
    private var output = DecodeOutput()
    private var inputs = 0
    private var next: FrameNumber = 1_000

    mutating func run(_ input: UnsafeRawBufferPointer) {
        if inputs % Self.inputsPerDecoder == 0 { decoder = Self.fresh(nil) }
        inputs += 1
        guard let decoder else { return }
        let frames = input.split(separator: Self.separator, maxSplits: RawEntry.maximumFrames - 1)
        guard !frames.isEmpty else { return }
        let header = header(frameCount: frames.count)
        var payload: [UInt8] = []
        RawEntry.append(header, to: &payload)
        for frame in frames {
            withUnsafeBytes(of: UInt32(frame.count).littleEndian) { payload.append(contentsOf: $0) }
            payload.append(contentsOf: frame)
        }
        let size = payload.count
        payload.append(contentsOf: [UInt8](repeating: 0, count: RawEntry.readableSlack))
        decode(payload, size, header, with: decoder)
        if inputs % 64 == 0 { check(decoder) }
    }

    private mutating func header(frameCount: Int) -> RawEntryHeader {
        let header = RawEntryHeader(
            kind: .frames, term: Term(rawValue: 1), first: next, frameCount: frameCount, prev: next - 1,
            receivedAt: Timestamp(microseconds: 1_763_719_199_000_000 + next), requestsHandled: .zero, resumeToken: [])
        next = header.last + 1
        return header
    }

    private mutating func decode(
        _ payload: [UInt8], _ size: Int, _ header: RawEntryHeader, with decoder: any FeedDecoder
    ) {
        output.begin(header)
        payload.withUnsafeBytes { bytes in
            var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[..<size]))
            do {
                _ = try RawEntry.header(&cursor)
                try decoder.decode(entry: header, frames: &cursor, into: &output)
            } catch {
                fatalError("an entry that is sound was refused: \(error)")
            }
        }
        for letter in output.letters { precondition(!letter.detail.isEmpty, "a letter without a reason") }
        read(output.events.finish())
    }

    /// What was written must be readable.
    private func read(_ payload: [UInt8]) {
        payload.withUnsafeBytes { bytes in
            do {
                var reader = try EventsEntryReader(bytes)
                while try reader.next() != nil {}
            } catch {
                fatalError("what was decoded cannot be read: \(error)")
            }
        }
    }

    /// A decoder that is restored is the decoder that was stored.
    private func check(_ decoder: any FeedDecoder) {
        let stored = decoder.checkpoint()
        precondition(Self.fresh(stored)?.checkpoint() == stored, "a checkpoint does not survive its restoration")
    }

    private static func fresh(_ checkpoint: [UInt8]?) -> (any FeedDecoder)? {
        guard let feed = FeedName("fuzz") else { return nil }
        do {
            return try DecoderRegistry.make(provider: provider, feed: feed, checkpoint: checkpoint)
        } catch {
            fatalError("a checkpoint cannot be restored: \(error)")
        }
    }
}
