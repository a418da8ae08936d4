import Glibc

/// Finds what stands for an identity's bytes: an open-addressing hash table in two flat blocks of memory, one of slots
/// and
/// one of identity bytes. A lookup allocates nothing, touches one or two cache lines and ends in one `memcmp`.
///
/// Identities of different feeds never meet. Nothing is removed but everything at once: what is kept here can always be
/// had again from Postgres, and a table without single removals needs no tombstones.
package struct IdentityTable: ~Copyable {
    /// 24 bytes; `length` 0 marks a free slot, because no identity is empty.
    private struct Slot {
        var hash: UInt64
        var start: UInt32
        var length: UInt16
        var feed: Int16
        var value: Int32
        var link: Int32
    }

    /// What an identity stands for: a key, and an index into something of the owner's.
    package struct Found: Equatable {
        package let value: Int32
        package let link: Int32
    }

    private var slots: UnsafeMutablePointer<Slot>
    private var mask: Int
    private var bytes: UnsafeMutableRawPointer
    private var byteCapacity: Int
    private var byteCount = 0
    package private(set) var count = 0

    /// - Parameter capacity: how many identities fit before the table grows for the first time.
    package init(capacity: Int = 64) {
        let size = Self.slotCount(toHold: max(capacity, 8))
        slots = Self.freeSlots(size)
        mask = size - 1
        byteCapacity = max(capacity, 8) * Self.expectedIdentityBytes
        bytes = .allocate(byteCount: byteCapacity, alignment: 16)
    }

    deinit {
        slots.deallocate()
        bytes.deallocate()
    }

    private static let expectedIdentityBytes = 48
    /// Above this, identity bytes could no longer be addressed; far beyond any bound the owner sets.
    private static let maximumBytes = Int(UInt32.max)

    /// Memory held, for a bound in bytes.
    package var byteSize: Int { (mask + 1) * MemoryLayout<Slot>.stride + byteCapacity }

    package func find(feed: Int16, hash: UInt64, _ identity: UnsafeRawBufferPointer) -> Found? {
        let slot = slots[place(of: identity, feed: feed, hash: hash)]
        return slot.length == 0 ? nil : Found(value: slot.value, link: slot.link)
    }

    /// Remembers `identity`, or replaces what it stands for. False if it can never be held: empty, or too long.
    @discardableResult
    package mutating func insert(
        feed: Int16, hash: UInt64, _ identity: UnsafeRawBufferPointer, value: Int32, link: Int32 = 0
    ) -> Bool {
        guard identity.count > 0, identity.count <= Int(UInt16.max), byteCount + identity.count <= Self.maximumBytes,
            let source = identity.baseAddress
        else { return false }
        // At most three quarters full: linear probing then stays within a cache line or two.
        if (count + 1) * 4 > (mask + 1) * 3 { grow() }
        let index = place(of: identity, feed: feed, hash: hash)
        if slots[index].length != 0 {
            slots[index].value = value
            slots[index].link = link
            return true
        }
        if byteCount + identity.count > byteCapacity { growBytes(toHold: byteCount + identity.count) }
        (bytes + byteCount).copyMemory(from: source, byteCount: identity.count)
        slots[index] = Slot(
            hash: hash, start: UInt32(byteCount), length: UInt16(identity.count), feed: feed, value: value, link: link)
        byteCount += identity.count
        count += 1
        return true
    }

    /// Forgets everything and keeps the memory.
    package mutating func removeAll() {
        slots.update(repeating: Self.free, count: mask + 1)
        count = 0
        byteCount = 0
    }

    // MARK: Slots

    private static let free = Slot(hash: 0, start: 0, length: 0, feed: 0, value: 0, link: 0)

    private static func slotCount(toHold capacity: Int) -> Int {
        var size = 16
        while size * 3 < capacity * 4 { size *= 2 }
        return size
    }

    private static func freeSlots(_ count: Int) -> UnsafeMutablePointer<Slot> {
        let slots = UnsafeMutablePointer<Slot>.allocate(capacity: count)
        slots.initialize(repeating: free, count: count)
        return slots
    }

    /// The slot that holds the identity, or the free one where it belongs.
    private func place(of identity: UnsafeRawBufferPointer, feed: Int16, hash: UInt64) -> Int {
        var index = Self.home(of: hash) & mask
        while slots[index].length != 0 {
            let slot = slots[index]
            if slot.hash == hash, slot.feed == feed, Int(slot.length) == identity.count,
                Self.areEqual(bytes + Int(slot.start), identity)
            {
                return index
            }
            index = (index + 1) & mask
        }
        return index
    }

    /// The hash came from outside: its bits are spread once more, so that a weak one costs time and nothing else.
    private static func home(of hash: UInt64) -> Int {
        Int(truncatingIfNeeded: (hash &* 0x9E37_79B9_7F4A_7C15) >> 24)
    }

    private static func areEqual(_ stored: UnsafeMutableRawPointer, _ identity: UnsafeRawBufferPointer) -> Bool {
        guard let base = identity.baseAddress else { return false }
        return memcmp(stored, base, identity.count) == 0
    }

    private mutating func grow() {
        let size = (mask + 1) * 2
        let larger = Self.freeSlots(size)
        for index in 0...mask where slots[index].length != 0 {
            var place = Self.home(of: slots[index].hash) & (size - 1)
            while larger[place].length != 0 { place = (place + 1) & (size - 1) }
            larger[place] = slots[index]
        }
        slots.deallocate()
        slots = larger
        mask = size - 1
    }

    private mutating func growBytes(toHold needed: Int) {
        let larger = min(max(needed, byteCapacity * 2), Self.maximumBytes)
        let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        moved.copyMemory(from: bytes, byteCount: byteCount)
        bytes.deallocate()
        bytes = moved
        byteCapacity = larger
    }
}
