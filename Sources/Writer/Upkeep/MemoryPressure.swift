import RedisStreams

/// How much of what is only kept for its age has to go, given how full Redis is. Pure.
///
/// A little at a time: history that Broadcasters could still need goes no sooner than it must, and the memory in use stays
/// level instead of swinging.
struct MemoryPressure: Sendable {
    /// Used memory as a share of `maxmemory`; 0 without a limit.
    let share: Double
    /// Above this there is pressure.
    let limit: Double

    static let none = MemoryPressure(share: 0, limit: 1)

    var isOn: Bool { share > limit }

    /// Above this share everything goes that may: Redis is about to refuse.
    private static let emergency = 0.9
    /// How far below the limit it goes.
    private static let margin = 0.02
    /// Not all of the memory is in these streams.
    private static let weight = 1.5

    /// The part of them, from the oldest on.
    var part: Double {
        guard isOn else { return 0 }
        guard share < Self.emergency else { return 1 }
        return min(1, (share - limit + Self.margin) / share * Self.weight)
    }

    /// Below which id entries go, of those from `lowest` up to `highest`, which stays. Ids are frame numbers, and entries lie
    /// evenly enough among them: what is left too much goes a second later.
    func floor(between lowest: StreamID, and highest: StreamID) -> StreamID {
        guard lowest < highest, part < 1 else { return highest }
        let span = Double(highest.milliseconds - lowest.milliseconds)
        return min(highest, StreamID(lowest.milliseconds + UInt64(span * part)))
    }
}
