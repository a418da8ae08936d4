/// Neighbouring frames of a batch that are stored as they are, so that they are copied once.
struct FrameRun {
    private(set) var start = 0
    private(set) var end = 0
    private(set) var count = 0

    var bytes: Int { end - start }

    mutating func extend(by size: Int) {
        end += size
        count += 1
    }

    /// Leaves a frame out; the run has been added before.
    mutating func skip(_ size: Int) {
        end += size
        start = end
    }

    mutating func restart() {
        start = end
        count = 0
    }

    /// Bytes of the frame at `offset` with its length word (bit 31: binary).
    static func size(at offset: Int, in bytes: UnsafeRawBufferPointer) -> Int {
        let word = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        return 4 + Int(word & 0x7FFF_FFFF)
    }
}

/// Frames a second, as a moving average over about a second: decides whether a feed is busy enough to linger.
struct FrameRate {
    private var perSecond = 0.0
    private var last = ContinuousClock.now

    var isBusy: Bool { perSecond > 1_000 }

    mutating func add(_ frames: Int, at now: ContinuousClock.Instant) {
        let elapsed = max(
            Double((now - last).components.attoseconds) / 1e18 + Double((now - last).components.seconds), 1e-6)
        last = now
        let weight = min(1, elapsed)
        perSecond += weight * (Double(frames) / elapsed - perSecond)
    }
}
