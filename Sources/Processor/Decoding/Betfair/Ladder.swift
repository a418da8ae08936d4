import FeedModel

/// The prices of one side of a runner's book, with the money at each.
struct Ladder: Equatable {
    struct Level: Equatable {
        var price: FixedDecimal
        var size: FixedDecimal
    }

    /// By price: ascending. By position: the place is the position, and a level without size is empty.
    private(set) var levels: [Level] = []

    /// Sets the money at a price; 0 deletes it. Deleting what is not there is normal.
    mutating func set(_ price: FixedDecimal, _ size: FixedDecimal) {
        let low = index(of: price)
        let isThere = low < levels.count && levels[low].price == price
        if size.scaled == 0 {
            if isThere { levels.remove(at: low) }
        } else if isThere {
            levels[low].size = size
        } else {
            levels.insert(Level(price: price, size: size), at: low)
        }
    }

    /// The money at a price of a ladder by price; nil without any.
    func size(at price: FixedDecimal) -> FixedDecimal? {
        let index = index(of: price)
        return index < levels.count && levels[index].price == price ? levels[index].size : nil
    }

    /// Where a price is, or belongs.
    private func index(of price: FixedDecimal) -> Int {
        var low = 0
        var high = levels.count
        while low < high {
            let middle = (low + high) / 2
            if levels[middle].price < price { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Sets the level at a position; size 0 empties it.
    mutating func set(position: Int, _ price: FixedDecimal, _ size: FixedDecimal) {
        let empty = Level(price: FixedDecimal(scaled: 0), size: FixedDecimal(scaled: 0))
        while levels.count <= position { levels.append(empty) }
        levels[position] = size.scaled == 0 ? empty : Level(price: price, size: size)
        while let last = levels.last, last.size.scaled == 0 { levels.removeLast() }
    }

    var lowest: Level? { levels.first }
    var highest: Level? { levels.last }
    /// Of a ladder by position.
    var best: Level? { levels.first { $0.size.scaled != 0 } }

    mutating func removeAll() { levels.removeAll() }

    func save(to writer: inout CheckpointWriter) {
        writer.put(levels.count)
        for level in levels {
            writer.put(level.price.scaled)
            writer.put(level.size.scaled)
        }
    }

    init() {}

    init(from reader: inout CheckpointReader) throws(CheckpointError) {
        let count = try reader.count(0...1_000_000, "ladder")
        for _ in 0..<count {
            levels.append(
                Level(
                    price: FixedDecimal(scaled: try reader.integer("price")),
                    size: FixedDecimal(scaled: try reader.integer("size"))))
        }
    }
}
