/// What names a selection within its feed, as one run of bytes: the form it has in an events entry, in the Writer's
/// dimension cache and in the Broadcaster's rows, so that it is built once and compared with one `memcmp`.
///
/// Layout: `fixture`, `market`, `type`, `option` lengths (one byte each), 1 if a line follows else 0, the line
/// (little-endian Int64, scale 10⁴) if any, then the four texts. Ids are 1–200 bytes (validation), so a byte holds a length.
package struct SelectionIdentity {
    package let bytes: UnsafeRawBufferPointer

    /// A view; valid only while the bytes are.
    package init(viewing bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private static let lengths = 4
    private static let fixedHeader = 5

    package var line: FixedDecimal? {
        guard bytes[4] != 0 else { return nil }
        return FixedDecimal(scaled: Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 5, as: Int64.self)))
    }

    package var fixtureID: UnsafeRawBufferPointer { text(0) }
    package var marketID: UnsafeRawBufferPointer { text(1) }
    package var marketType: UnsafeRawBufferPointer { text(2) }
    package var optionID: UnsafeRawBufferPointer { text(3) }

    private func text(_ index: Int) -> UnsafeRawBufferPointer {
        var start = Self.fixedHeader + (bytes[4] == 0 ? 0 : 8)
        for before in 0..<index { start += Int(bytes[before]) }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(bytes[index])])
    }

    /// How many bytes the identity at the start of `bytes` takes, or nil if they are cut short.
    package static func length(at bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count >= fixedHeader else { return nil }
        var total = fixedHeader + (bytes[4] == 0 ? 0 : 8)
        for index in 0..<lengths { total += Int(bytes[index]) }
        return total <= bytes.count ? total : nil
    }

    /// Appends the identity to `buffer`. Each text is at most 255 bytes.
    package static func append(
        fixture: UnsafeRawBufferPointer, market: UnsafeRawBufferPointer, type: UnsafeRawBufferPointer,
        option: UnsafeRawBufferPointer, line: FixedDecimal?, to buffer: inout [UInt8]
    ) {
        buffer.append(UInt8(fixture.count))
        buffer.append(UInt8(market.count))
        buffer.append(UInt8(type.count))
        buffer.append(UInt8(option.count))
        buffer.append(line == nil ? 0 : 1)
        if let line { buffer.appendLittleEndian(line.scaled) }
        buffer.append(contentsOf: fixture)
        buffer.append(contentsOf: market)
        buffer.append(contentsOf: type)
        buffer.append(contentsOf: option)
    }

    /// The market's part of the identity: fixture id and market id with their lengths. Equal for all its selections.
    package func appendMarket(to buffer: inout [UInt8]) {
        buffer.append(bytes[0])
        buffer.append(bytes[1])
        buffer.append(contentsOf: fixtureID)
        buffer.append(contentsOf: marketID)
    }
}

extension FeedName {
    /// The deterministic key of a selection of this feed: the same in every process, for as long as the selection exists.
    package func selectionKey(_ identity: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        StableHash.hash(identity, seed: seed)
    }

    /// The seed of this feed's selection keys; computed once per feed.
    package var selectionSeed: UInt64 {
        var text = self.text
        return text.withUTF8 { StableHash.hash(UnsafeRawBufferPointer($0), seed: 0) }
    }
}
