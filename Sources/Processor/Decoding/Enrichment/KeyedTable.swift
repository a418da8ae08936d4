import FeedModel

/// What a bounded table needs to know to forget the right thing.
protocol Forgettable {
    /// Over and done with: forgotten before anything that is not.
    var isOver: Bool { get }
}

/// A bounded table of things named by bytes, found by hash and `memcmp`. When it is full, the least recently used of a few
/// is forgotten, what is over first.
///
/// Slots keep their number while the thing is there, and everything that decides what happens next (order of slots, last
/// uses, the hand) is in the checkpoint: a restored table forgets the same things in the same order.
struct KeyedTable<Value: Forgettable>: ~Copyable {
    private struct Slot {
        var hash: UInt64
        var lastUse: Int64
        /// Where the name is among the bytes.
        var offset: Int
        var nameLength: UInt32
        var extraLength: UInt32
        var value: Value
    }

    private let maximum: Int
    private let seed: UInt64
    private var slots: UnsafeMutablePointer<Slot>
    private var capacity: Int
    /// Slots in use, the first ones.
    private(set) var count = 0
    /// Open addressing with linear probing: slot + 1, or 0.
    private var index: UnsafeMutablePointer<UInt32>
    private var indexMask: Int
    private var bytes: UnsafeMutableRawPointer
    private var byteCapacity: Int
    private var byteCount = 0
    private var wastedBytes = 0
    /// Where the search for something to forget goes on.
    private var hand = 0

    private static var sample: Int { 8 }

    init(maximum: Int, seed: UInt64) {
        self.maximum = maximum
        self.seed = seed
        capacity = min(256, maximum)
        slots = .allocate(capacity: capacity)
        indexMask = 1023
        index = .allocate(capacity: indexMask + 1)
        index.initialize(repeating: 0, count: indexMask + 1)
        byteCapacity = 16 * 1024
        bytes = .allocate(byteCount: byteCapacity, alignment: 16)
    }

    deinit {
        slots.deinitialize(count: count)
        slots.deallocate()
        index.deallocate()
        bytes.deallocate()
    }

    func hash(_ name: UnsafeRawBufferPointer) -> UInt64 { StableHash.hash(name, seed: seed) }

    /// The slot of the thing called `name`, or -1.
    @inline(__always)
    func find(_ name: UnsafeRawBufferPointer, hash: UInt64) -> Int {
        var place = Int(truncatingIfNeeded: hash) & indexMask
        while true {
            let entry = index[place]
            if entry == 0 { return -1 }
            let slot = Int(entry) - 1
            if slots[slot].hash == hash, Int(slots[slot].nameLength) == name.count,
                UnsafeRawBufferPointer(start: bytes + slots[slot].offset, count: name.count).isEqual(to: name)
            {
                return slot
            }
            place = (place + 1) & indexMask
        }
    }

    /// Where a search for `hash` begins: 0, or a slot + 1. Asked for many hashes before the first search, it brings what
    /// the searches need into the cache, all at once instead of one after the other.
    @inline(__always)
    func firstEntry(_ hash: UInt64) -> UInt32 { index[Int(truncatingIfNeeded: hash) & indexMask] }

    /// The same for the slot of an entry that `firstEntry` gave, and then for its name.
    @inline(__always)
    func hash(atEntry entry: UInt32) -> UInt64 { entry == 0 ? 0 : slots[Int(entry) - 1].hash }
    @inline(__always)
    func firstByte(atEntry entry: UInt32) -> UInt8 {
        entry == 0 ? 0 : bytes.load(fromByteOffset: slots[Int(entry) - 1].offset, as: UInt8.self)
    }

    /// Adds what `find` did not find. True if something else was forgotten for it.
    mutating func insert(
        _ name: UnsafeRawBufferPointer, hash: UInt64, value: Value, use: Int64
    ) -> (slot: Int, isForgetting: Bool) {
        // Bytes first: making room for them looks at every slot in use.
        let offset = store(name, nil)
        let isForgetting = count == maximum
        let slot = isForgetting ? forget() : append()
        (slots + slot).initialize(
            to: Slot(
                hash: hash, lastUse: use, offset: offset, nameLength: UInt32(name.count), extraLength: 0,
                value: value))
        addToIndex(slot)
        return (slot, isForgetting)
    }

    @inline(__always)
    subscript(slot: Int) -> Value {
        get { slots[slot].value }
        nonmutating set { slots[slot].value = newValue }
    }

    @inline(__always)
    func used(_ slot: Int, at use: Int64) { slots[slot].lastUse = use }

    /// The name of the thing in a slot; valid until something is added.
    func name(_ slot: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes + slots[slot].offset, count: Int(slots[slot].nameLength))
    }

    /// What was last given to `setExtra`; valid until something is added.
    func extra(_ slot: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: bytes + slots[slot].offset + Int(slots[slot].nameLength), count: Int(slots[slot].extraLength))
    }

    /// Keeps more bytes with a thing.
    mutating func setExtra(_ slot: Int, _ extra: UnsafeRawBufferPointer) {
        guard !self.extra(slot).isEqual(to: extra) else { return }
        if Int(slots[slot].extraLength) == extra.count {
            (bytes + slots[slot].offset + Int(slots[slot].nameLength)).copyMemory(extra)
            return
        }
        wastedBytes += length(slot)
        slots[slot].offset = store(name(slot), extra)
        slots[slot].extraLength = UInt32(extra.count)
    }

    private func length(_ slot: Int) -> Int { Int(slots[slot].nameLength) + Int(slots[slot].extraLength) }

    // MARK: Slots

    private mutating func append() -> Int {
        if count == capacity {
            let larger = min(maximum, capacity * 2)
            let moved = UnsafeMutablePointer<Slot>.allocate(capacity: larger)
            moved.moveInitialize(from: slots, count: count)
            slots.deallocate()
            slots = moved
            capacity = larger
            if larger * 2 > indexMask { reindex(size: (indexMask + 1) * 2) }
        }
        count += 1
        return count - 1
    }

    /// Frees the slot of the least recently used among the next few, of those that are over if there are any.
    private mutating func forget() -> Int {
        var victim = hand
        for step in 1..<Self.sample {
            let candidate = (hand + step) % count
            let (left, right) = (slots[candidate], slots[victim])
            if left.value.isOver != right.value.isOver ? left.value.isOver : left.lastUse < right.lastUse {
                victim = candidate
            }
        }
        hand = (hand + Self.sample) % count
        removeFromIndex(victim)
        wastedBytes += length(victim)
        return victim
    }

    // MARK: Index

    private mutating func reindex(size: Int) {
        index.deallocate()
        indexMask = size - 1
        index = .allocate(capacity: size)
        index.initialize(repeating: 0, count: size)
        for slot in 0..<count { addToIndex(slot) }
    }

    private mutating func addToIndex(_ slot: Int) {
        var place = Int(truncatingIfNeeded: slots[slot].hash) & indexMask
        while index[place] != 0 { place = (place + 1) & indexMask }
        index[place] = UInt32(slot) + 1
    }

    /// Closes the hole by moving back what was displaced, so that no tombstones are needed.
    private mutating func removeFromIndex(_ slot: Int) {
        var hole = Int(truncatingIfNeeded: slots[slot].hash) & indexMask
        while index[hole] != UInt32(slot) + 1 { hole = (hole + 1) & indexMask }
        var place = hole
        while true {
            place = (place + 1) & indexMask
            guard index[place] != 0 else { break }
            let home = Int(truncatingIfNeeded: slots[Int(index[place]) - 1].hash) & indexMask
            if (place &- home) & indexMask >= (place &- hole) & indexMask {
                index[hole] = index[place]
                hole = place
            }
        }
        index[hole] = 0
    }

    // MARK: Bytes

    private mutating func store(_ name: UnsafeRawBufferPointer, _ extra: UnsafeRawBufferPointer?) -> Int {
        let length = name.count + (extra?.count ?? 0)
        if byteCount + length > byteCapacity {
            // `name` may lie in the bytes that move.
            let kept = [UInt8](name)
            makeRoom(length)
            return kept.withUnsafeBytes { write($0, extra) }
        }
        return write(name, extra)
    }

    private mutating func write(_ name: UnsafeRawBufferPointer, _ extra: UnsafeRawBufferPointer?) -> Int {
        let offset = byteCount
        (bytes + offset).copyMemory(name)
        if let extra { (bytes + offset + name.count).copyMemory(extra) }
        byteCount += name.count + (extra?.count ?? 0)
        return offset
    }

    /// Moves what is alive to a new block with room for half as much again.
    private mutating func makeRoom(_ length: Int) {
        byteCapacity = (byteCount - wastedBytes + length) * 3 / 2 + 16 * 1024
        let moved = UnsafeMutableRawPointer.allocate(byteCount: byteCapacity, alignment: 16)
        var end = 0
        for slot in 0..<count {
            let length = self.length(slot)
            (moved + end).copyMemory(UnsafeRawBufferPointer(start: bytes + slots[slot].offset, count: length))
            slots[slot].offset = end
            end += length
        }
        bytes.deallocate()
        bytes = moved
        byteCount = end
        wastedBytes = 0
    }
}

extension KeyedTable {
    /// Everything, slot by slot; `value` writes what is in one.
    func save(to writer: inout CheckpointWriter, _ value: (Value, inout CheckpointWriter) -> Void) {
        writer.put(count)
        writer.put(hand)
        for slot in 0..<count {
            writer.put(name(slot))
            writer.put(extra(slot))
            writer.put(slots[slot].lastUse)
            value(slots[slot].value, &writer)
        }
    }

    /// What `save` wrote, into an empty table.
    mutating func restore(
        from reader: inout CheckpointReader,
        _ value: (inout CheckpointReader) throws(CheckpointError) -> Value
    ) throws(CheckpointError) {
        let total = try reader.count(0...maximum, "table size")
        let hand = try reader.count(0...max(0, total - 1), "table hand")
        for _ in 0..<total {
            let name = try reader.text("name")
            let extra = try reader.text("details")
            let use = try reader.integer("last use")
            let hash = self.hash(name)
            guard find(name, hash: hash) < 0 else { throw .damaged("names: one occurs twice") }
            let slot = insert(name, hash: hash, value: try value(&reader), use: use).slot
            setExtra(slot, extra)
        }
        self.hand = hand
    }
}

extension UnsafeMutableRawPointer {
    fileprivate func copyMemory(_ source: UnsafeRawBufferPointer) {
        guard let base = source.baseAddress else { return }
        copyMemory(from: base, byteCount: source.count)
    }
}
