import FeedModel

/// What the snapshot under way has shown so far: an image of the account's orders says nothing of markets that are gone, and
/// an image of markets nothing of orders.
struct ExchangeSnapshot {
    var start = Position(rawValue: 0)
    var hasMarkets = false
    var hasOrders = false

    init() {}

    func save(to writer: inout CheckpointWriter) {
        writer.put(start.rawValue)
        writer.put(hasMarkets)
        writer.put(hasOrders)
    }

    init(from reader: inout CheckpointReader) throws(CheckpointError) {
        start = Position(rawValue: try reader.integer("snapshot"))
        hasMarkets = try reader.flag("snapshot")
        hasOrders = try reader.flag("snapshot")
    }
}
