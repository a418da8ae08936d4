import FeedModel

/// Which of a row's fields a frame or a merged window touched.
struct FieldMask: OptionSet, Sendable {
    let rawValue: UInt8

    static let price = FieldMask(rawValue: 1)
    static let lay = FieldMask(rawValue: 2)
    static let backSize = FieldMask(rawValue: 4)
    static let laySize = FieldMask(rawValue: 8)
    static let lastTraded = FieldMask(rawValue: 16)
    static let status = FieldMask(rawValue: 32)
    /// Market, line, option or one of their names.
    static let description = FieldMask(rawValue: 64)
    /// The row is new: everything it has is written.
    static let created = FieldMask(rawValue: 128)

    static let prices: FieldMask = [.price, .lay, .backSize, .laySize, .lastTraded]
    /// A whole row for someone who may hold an older one: what is absent is written as null.
    static let replacement: FieldMask = [.prices, .status, .description, .created]
}

/// The prices of a selection; what is absent is not offered.
struct Prices: Sendable, Equatable {
    var price: FixedDecimal?
    var lay: FixedDecimal?
    var backSize: FixedDecimal?
    var laySize: FixedDecimal?
    var lastTraded: FixedDecimal?

    /// The fields in which `other` differs.
    func difference(to other: Prices) -> FieldMask {
        var mask: FieldMask = []
        if price != other.price { mask.insert(.price) }
        if lay != other.lay { mask.insert(.lay) }
        if backSize != other.backSize { mask.insert(.backSize) }
        if laySize != other.laySize { mask.insert(.laySize) }
        if lastTraded != other.lastTraded { mask.insert(.lastTraded) }
        return mask
    }
}

/// One selection of a lane.
struct Row: Sendable, Equatable {
    let key: UInt64
    /// `SelectionIdentity`'s bytes: two selections with one key would otherwise pass for one another.
    let identity: [UInt8]
    /// Index into the lane's markets.
    var market: Int
    let option: String
    let line: FixedDecimal?
    var name: String
    var prices: Prices
    var status: OddsStatus
    var sourceTime: Timestamp?
    /// The message that last confirmed this row; only a later one may change it.
    var position: Position
    /// The frame that last changed what subscribers see.
    var changedFrame: FrameNumber
    /// When the row was closed, by `received_at`; nil while it is not.
    var closedAt: Timestamp?
    /// What the frame being applied has touched so far.
    var touched: FieldMask = []
}

/// A market of a lane. Its rows refer to it, so that its name is kept once.
struct Market: Sendable, Equatable {
    let id: String
    let type: String
    var name: String
    var rowCount = 0
}

/// Why a row is gone.
enum RemovalReason: Sendable, Equatable {
    case settled(SettlementResult)
    /// Closed for so long that nobody needs it.
    case closed
    /// A snapshot of the provider left it out.
    case gone

    var name: StaticString {
        switch self {
        case .settled: "settled"
        case .closed: "closed"
        case .gone: "gone"
        }
    }
}

/// What is kept of a removed row, so that those who resume hear of it and older messages do not revive it.
struct Tombstone: Sendable, Equatable {
    let reason: RemovalReason
    /// Index into the lane's markets.
    var market: Int
    /// Names are told once: a row that returns has the one it had.
    let name: String
    let position: Position
    let frame: FrameNumber
    let removedAt: Timestamp
}
