/// The keys that a reader knows, found without comparing a message's keys with each of them.
///
/// A key of up to 16 bytes is two words, which make the hash and are what is compared.
package struct JSONKeyTable: ~Copyable {
    private struct Slot {
        var head: UInt64
        var tail: UInt64
        var length: UInt32
        var index: Int32
    }

    private let slots: UnsafeMutablePointer<Slot>
    /// How many keys there are.
    package let count: Int

    private static var size: Int { 128 }
    package static var longestKey: Int { 16 }

    /// The index of a key is its place in `keys`; there are at most 64, of at most 16 bytes.
    package init(_ keys: [String]) {
        precondition(keys.count <= 64 && keys.allSatisfy { $0.utf8.count <= Self.longestKey })
        count = keys.count
        slots = .allocate(capacity: Self.size)
        slots.initialize(repeating: Slot(head: 0, tail: 0, length: .max, index: -1), count: Self.size)
        for (index, key) in keys.enumerated() {
            var bytes = Array(key.utf8)
            let length = bytes.count
            bytes.append(contentsOf: [UInt8](repeating: 0, count: 16))
            bytes.withUnsafeBytes { insert(UnsafeRawBufferPointer(rebasing: $0[..<length]), index) }
        }
    }

    deinit { slots.deallocate() }

    private func insert(_ key: UnsafeRawBufferPointer, _ index: Int) {
        guard let start = key.baseAddress else { return }
        let (head, tail) = Self.words(start, key.count)
        var place = Self.place(head, tail)
        while slots[place].index >= 0 { place = (place + 1) & (Self.size - 1) }
        slots[place] = Slot(head: head, tail: tail, length: UInt32(key.count), index: Int32(index))
    }

    /// First eight bytes and, if there are more, the last eight; a shorter key is padded with zeros. Reads up to eight
    /// bytes at `start`, whatever the length: scanned documents have the slack.
    @inline(__always)
    private static func words(_ start: UnsafeRawPointer, _ length: Int) -> (UInt64, UInt64) {
        let head = UInt64(littleEndian: start.loadUnaligned(as: UInt64.self))
        if length < 8 { return (head & ((1 << (UInt64(length) &* 8)) &- 1), 0) }
        return (head, UInt64(littleEndian: (start + (length - 8)).loadUnaligned(as: UInt64.self)))
    }

    @inline(__always)
    private static func place(_ head: UInt64, _ tail: UInt64) -> Int {
        let mixed = (head ^ (tail &* 0x9E37_79B9_7F4A_7C15)) &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: mixed >> 57)
    }

    /// The index of `key`, or -1 if it is not one of the table's. `key` is part of a scanned document.
    @inline(__always)
    package func index(of key: UnsafeRawBufferPointer) -> Int {
        let length = key.count
        guard length <= 16, let start = key.baseAddress else { return -1 }
        let (head, tail) = Self.words(start, length)
        var place = Self.place(head, tail)
        while slots[place].index >= 0 {
            let slot = slots[place]
            if slot.head == head && slot.tail == tail && slot.length == UInt32(length) { return Int(slot.index) }
            place = (place + 1) & (Self.size - 1)
        }
        return -1
    }
}

/// The known members of one object, by index of a key table. Used again for every object.
package struct JSONFields: ~Copyable {
    private let keys: JSONKeyTable
    /// By index; only those with a bit in `present` mean something.
    package let values: UnsafeMutablePointer<JSONValue>
    /// Bits of the keys that the object has with anything but null.
    package private(set) var present: UInt64 = 0

    package init(_ keys: [String]) {
        self.keys = JSONKeyTable(keys)
        values = .allocate(capacity: 64)
    }

    deinit { values.deallocate() }

    /// Collects the known members of `object`. Returns the index of the first known key that occurs twice, or -1.
    package mutating func read(_ object: JSONValue) -> Int {
        var seen: UInt64 = 0
        present = 0
        var members = object.members
        while let member = members.next() {
            let index = keys.index(of: member.key)
            guard index >= 0 else { continue }
            let bit: UInt64 = 1 << UInt64(truncatingIfNeeded: index)
            guard seen & bit == 0 else { return index }
            seen |= bit
            if !member.value.isNull { present |= bit }
            values[index] = member.value
        }
        return -1
    }

    /// The value of a key; nil when the object does not have it, or has null there.
    package subscript(index: Int) -> JSONValue? {
        present & (1 << UInt64(truncatingIfNeeded: index)) != 0 ? values[index] : nil
    }
}
