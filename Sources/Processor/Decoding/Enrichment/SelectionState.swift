import FeedModel

/// What is remembered of a selection: enough to know whether a price is news, and whether a snapshot dropped it.
struct SelectionState: Forgettable {
    var odd: FixedDecimal?
    var status: OddsStatus
    /// The snapshot that it was last seen in or after.
    var generation: UInt32

    var isOver: Bool { status == .closed }
}

extension SelectionState {
    func save(to writer: inout CheckpointWriter) {
        writer.put(odd?.scaled)
        writer.put(status.rawValue)
        writer.put(unsigned: UInt64(generation))
    }

    init(from reader: inout CheckpointReader) throws(CheckpointError) {
        odd = try reader.optional("odd").map(FixedDecimal.init(scaled:))
        guard let status = OddsStatus(rawValue: try reader.byte("odds status")) else { throw .damaged("odds status") }
        self.status = status
        generation = UInt32(truncatingIfNeeded: try reader.unsigned("generation"))
    }
}
