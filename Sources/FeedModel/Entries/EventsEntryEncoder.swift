/// Builds the payload of one `events` entry. Used again and again: `begin`, append the events, `finish`.
///
/// Every event starts with `kind u8, flags u8, length u16 (of the whole event), position u32 (relative to the entry's first
/// frame × 2¹³, or the replayed letter's), source_time i64 µs (Int64.min: none)`; what follows is the kind's own, in the order the methods write it.
/// Flags: bit 0 snapshot, bit 1 in play, bit 2 a lay bet.
package struct EventsEntryEncoder: ~Copyable {
    private var storage: UnsafeMutableRawPointer
    private var capacity: Int
    private var count = 0
    private var header: EventsEntryHeader
    /// Of a resumed term.
    private var sequences: SequenceCount?

    package init(capacity: Int = 64 * 1024) {
        self.capacity = capacity
        storage = .allocate(byteCount: capacity, alignment: 16)
        header = EventsEntryHeader(
            RawEntryHeader(
                kind: .frames, term: .none, first: 0, frameCount: 1, prev: 0, receivedAt: Timestamp(microseconds: 0)))
    }

    deinit { storage.deallocate() }

    /// Starts the entry that a raw entry becomes; with a letter, the entry that its replay becomes.
    package mutating func begin(
        _ raw: RawEntryHeader, replaying letter: ReplayedLetter? = nil, resumed: ResumedTerm? = nil
    ) {
        header = EventsEntryHeader(raw, replaying: letter, resumed: resumed)
        count = header.encodedBytes
        sequences = nil
    }

    /// Events so far.
    package var eventCount: Int { header.eventCount }

    /// Widens the entry's range of provider sequences by that of the message at `position`. What a replayed letter says was
    /// its first entry's to say.
    @inline(__always)
    package mutating func note(sequence: Int64, at position: Position) {
        guard sequence > 0, header.letter == nil else { return }
        if header.firstSequence == 0 || sequence < header.firstSequence { header.firstSequence = sequence }
        if sequence > header.lastSequence { header.lastSequence = sequence }
        if header.resumed != nil { count(sequence, at: position) }
    }

    /// `sequence i64` of the message at the event's position, where it is not what the messages before lead to expect.
    private mutating func count(_ sequence: Int64, at position: Position) {
        var expected = sequences ?? SequenceCount(from: header.first, sequence: header.firstSequence)
        if expected.sequence(at: position) != sequence {
            let start = open(.sequence, position, nil, false, false, 8)
            put(sequence)
            close(start)
            expected.note(sequence, at: position)
        }
        sequences = expected
    }

    package mutating func finish() -> [UInt8] {
        header.encode(to: storage)
        return [UInt8](UnsafeRawBufferPointer(start: storage, count: count))
    }

    /// `status u8, market status u8, present u8, market name u8, selection name u8, key u64, identity, prices i64…, names`.
    package mutating func append(_ event: borrowing OddsChange) {
        // Names come from providers at any length; a byte holds theirs.
        let marketName = Self.shortened(event.marketName)
        let selectionName = Self.shortened(event.selectionName)
        let texts = event.identity.count + marketName.count + selectionName.count
        let start = open(.oddsChange, event.position, event.sourceTime, event.isSnapshot, event.isInPlay, 80 + texts)
        put(event.status.rawValue)
        put(event.marketStatus?.rawValue ?? 0)
        let present = count
        put(UInt8(0))
        put(UInt8(marketName.count))
        put(UInt8(selectionName.count))
        put(event.selectionKey)
        put(event.identity)
        var mask: UInt8 = 0
        put(event.odd, 1, &mask)
        put(event.lay, 2, &mask)
        put(event.backSize, 4, &mask)
        put(event.laySize, 8, &mask)
        put(event.lastTraded, 16, &mask)
        put(event.overround, 32, &mask)
        storage.storeBytes(of: mask, toByteOffset: present, as: UInt8.self)
        put(marketName)
        put(selectionName)
        close(start)
    }

    /// `status u8, start_time i64, home i32, away i32 (Int32.min: unknown)`, then seven texts with one-byte lengths:
    /// fixture id, sport id, sport, tournament id, tournament, home team, away team.
    package mutating func append(_ event: borrowing FixtureUpdate) {
        let start = open(.fixtureUpdate, event.position, event.sourceTime, event.isSnapshot, false, 64 + 7 * 256)
        put(event.status.rawValue)
        put(event.startTime?.microseconds ?? .min)
        put(event.homeScore ?? .min)
        put(event.awayScore ?? .min)
        putShort(event.fixtureID)
        putShort(event.sportID)
        putShort(event.sport)
        putShort(event.tournamentID)
        putShort(event.tournament)
        putShort(event.homeTeam)
        putShort(event.awayTeam)
        close(start)
    }

    /// `result u8, key u64, identity`.
    package mutating func append(_ event: borrowing Settlement) {
        let start = open(
            .settlement, event.position, event.sourceTime, event.isSnapshot, false, 64 + event.identity.count)
        put(event.result.rawValue)
        put(event.selectionKey)
        put(event.identity)
        close(start)
    }

    /// `status u8, amount i64, odd i64, potential win i64, key u64, identity`, then bet id, user id and currency with
    /// one-byte lengths.
    package mutating func append(_ event: borrowing BetPlacement) {
        let start = open(
            .betPlacement, event.position, event.sourceTime, event.isSnapshot, false,
            128 + event.identity.count + 3 * 256)
        // A flag, not a field: whoever does not know it still reads the bet.
        if event.side == .lay { setFlag(4, start) }
        put(event.status.rawValue)
        put(event.amount.scaled)
        put(event.odd.scaled)
        put(event.potentialWin.scaled)
        put(event.selectionKey)
        put(event.identity)
        putShort(event.betID)
        putShort(event.userID)
        putShort(event.currency)
        close(start)
    }

    /// The body of a control entry, as it is. At most 64 KiB; a longer one is cut by the caller.
    package mutating func append(control body: TextView, at position: Position) {
        let start = open(.control, position, nil, false, false, 32 + body.count)
        put(UInt32(body.count))
        put(body)
        close(start)
    }

    // MARK: Bytes

    private mutating func open(
        _ kind: EventKind, _ position: Position, _ sourceTime: Timestamp?, _ isSnapshot: Bool, _ isInPlay: Bool,
        _ atMost: Int
    ) -> Int {
        if count + atMost + 16 > capacity { grow(toHold: count + atMost + 16) }
        let start = count
        put(kind.rawValue)
        put(UInt8((isSnapshot ? 1 : 0) | (isInPlay ? 2 : 0)))
        put(UInt16(0))
        put(UInt32(truncatingIfNeeded: position.rawValue - header.baseFrame << Position.ordinalBits))
        put(sourceTime?.microseconds ?? .min)
        return start
    }

    private mutating func setFlag(_ flag: UInt8, _ start: Int) {
        let flags = storage.load(fromByteOffset: start + 1, as: UInt8.self)
        storage.storeBytes(of: flags | flag, toByteOffset: start + 1, as: UInt8.self)
    }

    private mutating func close(_ start: Int) {
        storage.storeBytes(
            of: UInt16(truncatingIfNeeded: count - start).littleEndian, toByteOffset: start + 2, as: UInt16.self)
        header.eventCount += 1
    }

    private mutating func grow(toHold bytes: Int) {
        let larger = max(bytes, capacity * 2)
        let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        moved.copyMemory(from: storage, byteCount: count)
        storage.deallocate()
        storage = moved
        capacity = larger
    }

    @inline(__always)
    private mutating func put(_ value: some FixedWidthInteger & BitwiseCopyable) {
        storage.storeBytes(of: value.littleEndian, toByteOffset: count, as: type(of: value))
        count += MemoryLayout.size(ofValue: value)
    }

    @inline(__always)
    private mutating func put(_ value: FixedDecimal?, _ bit: UInt8, _ mask: inout UInt8) {
        guard let value else { return }
        mask |= bit
        put(value.scaled)
    }

    @inline(__always)
    private mutating func put(_ text: TextView) {
        guard let base = text.baseAddress else { return }
        (storage + count).copyMemory(from: base, byteCount: text.count)
        count += text.count
    }

    /// At most 255 bytes, cut between characters.
    private static func shortened(_ text: TextView) -> TextView {
        guard text.count > 255 else { return text }
        var end = 255
        while end > 0, text[end] & 0xC0 == 0x80 { end -= 1 }
        return TextView(rebasing: text[..<end])
    }

    @inline(__always)
    private mutating func putShort(_ text: TextView) {
        let text = Self.shortened(text)
        put(UInt8(text.count))
        put(text)
    }
}
