import FeedModel

/// Builds selection identities (`SelectionIdentity` has their layout) in memory that is used again for each.
struct IdentityBuilder: ~Copyable {
    private let memory: UnsafeMutableRawPointer
    private let market: UnsafeMutableRawPointer
    private let seed: UInt64

    /// Five bytes, a line, and four texts of at most 255 bytes.
    private static let longestIdentity = 5 + 8 + 4 * 255
    /// Type, colon, and a line of at most 21 characters.
    private static let longestMarket = 255

    init(feed: FeedName) {
        seed = feed.selectionSeed
        memory = .allocate(byteCount: Self.longestIdentity + 16, alignment: 8)
        market = .allocate(byteCount: Self.longestMarket, alignment: 8)
    }

    deinit {
        memory.deallocate()
        market.deallocate()
    }

    /// The identity, valid until the next one is built. Without a market id, type and line name the market.
    /// Every text has passed validation: at most 200 bytes.
    @inline(__always)
    func build(
        fixture: TextView, market marketID: TextView, type: TextView, option: TextView, line: FixedDecimal?
    ) -> UnsafeRawBufferPointer {
        let marketID = marketID.isEmpty ? defaultMarket(type, line) : marketID
        memory.storeBytes(of: UInt8(truncatingIfNeeded: fixture.count), toByteOffset: 0, as: UInt8.self)
        memory.storeBytes(of: UInt8(truncatingIfNeeded: marketID.count), toByteOffset: 1, as: UInt8.self)
        memory.storeBytes(of: UInt8(truncatingIfNeeded: type.count), toByteOffset: 2, as: UInt8.self)
        memory.storeBytes(of: UInt8(truncatingIfNeeded: option.count), toByteOffset: 3, as: UInt8.self)
        memory.storeBytes(of: line == nil ? 0 : 1, toByteOffset: 4, as: UInt8.self)
        var end = 5
        if let line {
            memory.storeBytes(of: line.scaled.littleEndian, toByteOffset: end, as: Int64.self)
            end += 8
        }
        end = put(fixture, end)
        end = put(marketID, end)
        end = put(type, end)
        end = put(option, end)
        return UnsafeRawBufferPointer(start: memory, count: end)
    }

    /// The key of an identity, which is its hash in tables too.
    @inline(__always)
    func key(_ identity: UnsafeRawBufferPointer) -> UInt64 { StableHash.hash(identity, seed: seed) }

    @inline(__always)
    private func put(_ text: TextView, _ offset: Int) -> Int {
        guard let base = text.baseAddress else { return offset }
        (memory + offset).copyMemory(from: base, byteCount: text.count)
        return offset + text.count
    }

    /// `market_type`, or `market_type:line` with the shortest text of the line.
    private func defaultMarket(_ type: TextView, _ line: FixedDecimal?) -> TextView {
        guard let line, let base = type.baseAddress else { return type }
        market.copyMemory(from: base, byteCount: type.count)
        market.storeBytes(of: UInt8(ascii: ":"), toByteOffset: type.count, as: UInt8.self)
        let length = type.count + 1
        return TextView(start: market, count: length + write(line, at: market + length))
    }

    /// The line as `FixedDecimal.description` has it, without allocating. Returns its length.
    private func write(_ line: FixedDecimal, at start: UnsafeMutableRawPointer) -> Int {
        var length = 0
        func put(_ byte: UInt8) {
            start.storeBytes(of: byte, toByteOffset: length, as: UInt8.self)
            length += 1
        }
        if line.scaled < 0 { put(UInt8(ascii: "-")) }
        let (whole, fraction) = line.scaled.magnitude.quotientAndRemainder(dividingBy: UInt64(FixedDecimal.scale))
        var power: UInt64 = 1
        while whole / power >= 10 { power *= 10 }
        while power > 0 {
            put(UInt8(ascii: "0") + UInt8(whole / power % 10))
            power /= 10
        }
        var rest = fraction
        if rest > 0 { put(UInt8(ascii: ".")) }
        while rest > 0 {
            put(UInt8(ascii: "0") + UInt8(rest / 1_000))
            rest = rest % 1_000 * 10
        }
        return length
    }
}
