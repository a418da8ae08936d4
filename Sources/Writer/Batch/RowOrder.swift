/// The order in which a batch's rows are written: by selection, because an index on it then grows in runs instead of
/// all
/// over, and within a selection as they came.
enum RowOrder {
    /// Sorts by the upper half of each word and keeps the order of equal ones. Least significant digit first, 11 bits a
    /// pass; a pass in which all digits are equal is left out.
    static func sort(_ words: inout [UInt64]) {
        guard words.count > 1 else { return }
        if words.count < smallest {
            // The lower half is the row's number, so that a plain sort keeps the order as well.
            words.sort()
            return
        }
        var scratch = [UInt64](repeating: 0, count: words.count)
        var counts = [Int](repeating: 0, count: digits)
        for shift in stride(from: 32, to: 64, by: digitBits) where count(words, shift, &counts) {
            scatter(words, into: &scratch, shift, &counts)
            swap(&words, &scratch)
        }
    }

    private static let digitBits = 11
    private static let digits = 1 << digitBits
    /// Below this a comparison sort is faster.
    private static let smallest = 256

    /// Counts digits and makes them starting places; false if there is only one digit.
    private static func count(_ words: [UInt64], _ shift: Int, _ counts: inout [Int]) -> Bool {
        counts.withUnsafeMutableBufferPointer { counts in
            counts.update(repeating: 0)
            for word in words { counts[digit(word, shift)] &+= 1 }
            if counts[digit(words[0], shift)] == words.count { return false }
            var start = 0
            for index in counts.indices {
                let size = counts[index]
                counts[index] = start
                start &+= size
            }
            return true
        }
    }

    private static func scatter(_ words: [UInt64], into target: inout [UInt64], _ shift: Int, _ places: inout [Int]) {
        places.withUnsafeMutableBufferPointer { places in
            target.withUnsafeMutableBufferPointer { target in
                for word in words {
                    let digit = digit(word, shift)
                    target[places[digit]] = word
                    places[digit] &+= 1
                }
            }
        }
    }

    @inline(__always)
    private static func digit(_ word: UInt64, _ shift: Int) -> Int { Int(word >> UInt64(shift)) & (digits - 1) }
}

extension RowOrder {
    /// The odds rows by selection, repeats of a selection within one message merged: the last one counts.
    ///
    /// Selections without a key yet come last, by their pending number.
    static func odds(_ rows: [OddsRow], _ resolved: ResolvedDimensions) -> [UInt32] {
        var words: [UInt64] = []
        words.reserveCapacity(rows.count)
        for (index, row) in rows.enumerated() {
            words.append(UInt64(rank(row.selection, resolved)) << 32 | UInt64(UInt32(index)))
        }
        sort(&words)
        var order: [UInt32] = []
        order.reserveCapacity(words.count)
        for (place, word) in words.enumerated() {
            let index = UInt32(truncatingIfNeeded: word)
            if place + 1 < words.count, words[place + 1] >> 32 == word >> 32 {
                // Rows of one message and selection follow each other here, because they came together.
                let row = rows[Int(index)]
                let next = rows[Int(UInt32(truncatingIfNeeded: words[place + 1]))]
                if next.position == row.position, next.entry == row.entry { continue }
            }
            order.append(index)
        }
        return order
    }

    private static func rank(_ ref: DimensionRef, _ resolved: ResolvedDimensions) -> UInt32 {
        guard let pending = ref.pendingIndex else { return UInt32(bitPattern: ref.rawValue) }
        let key = resolved.selections[pending]
        return key > 0 ? UInt32(bitPattern: key) : 0x8000_0000 | UInt32(pending)
    }

    /// The rows of which none that follows has the same key, in their order: of what one message repeats, the last
    /// counts.
    static func lastOfEach<Row, Key: Hashable>(_ rows: [Row], _ key: (Row) -> Key) -> [UInt32] {
        var seen: Set<Key> = []
        var kept: [UInt32] = []
        for index in rows.indices.reversed() where seen.insert(key(rows[index])).inserted {
            kept.append(UInt32(index))
        }
        return kept.reversed()
    }
}
