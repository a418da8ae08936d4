import FeedJSON
import FeedModel

/// The state of an exchange market.
enum MarketStatus: UInt8 {
    /// No definition came yet.
    case unknown = 0
    case inactive, open, suspended, closed

    /// Whether bets are taken. Without a definition prices flow, so they are.
    var oddsStatus: OddsStatus {
        switch self {
        case .unknown, .open: .open
        case .inactive, .suspended: .suspended
        case .closed: .closed
        }
    }
}

/// The state of a runner in its market.
enum RunnerStatus: UInt8 {
    /// In no definition yet.
    case unknown = 0
    case active, winner, loser, placed, removed, removedVacant, hidden

    /// A runner out of the market takes no bets, whatever the market does.
    var isOffered: Bool { self == .unknown || self == .active }

    /// How the runner ended. A removal counts at once, a result when the market is closed.
    func result(in market: MarketStatus) -> SettlementResult? {
        switch self {
        case .removed, .removedVacant: .removed
        case .winner where market == .closed: .won
        case .loser where market == .closed: .lost
        case .placed where market == .closed: .placed
        default: nil
        }
    }
}

/// The names that the exchange stream gives to these, and to its messages.
struct BetfairNames: ~Copyable {
    enum Operation: Int {
        case marketChange, orderChange, cricketChange, raceChange, connection, status, heartbeat
    }

    private let operations = JSONKeyTable(["mcm", "ocm", "ccm", "rcm", "connection", "status", "heartbeat"])
    private let markets = JSONKeyTable(["INACTIVE", "OPEN", "SUSPENDED", "CLOSED"])
    private let runners = JSONKeyTable(["ACTIVE", "WINNER", "LOSER", "PLACED", "REMOVED", "REMOVED_VACANT", "HIDDEN"])

    func operation(_ text: TextView) -> Operation? { Operation(rawValue: operations.index(of: text)) }

    func market(_ text: TextView) throws(Refusal) -> MarketStatus {
        let index = markets.index(of: text)
        guard index >= 0, let status = MarketStatus(rawValue: UInt8(index) + 1) else {
            throw .bad("status", text, "INACTIVE, OPEN, SUSPENDED or CLOSED")
        }
        return status
    }

    func runner(_ text: TextView) throws(Refusal) -> RunnerStatus {
        let index = runners.index(of: text)
        guard index >= 0, let status = RunnerStatus(rawValue: UInt8(index) + 1) else {
            throw .bad("status", text, "a runner's status")
        }
        return status
    }

    /// The sport of an event type, with the id that other feeds use for it too: what subscribers filter by. Others are
    /// known by their number alone.
    static func sport(_ eventType: String) -> (id: String, name: String) {
        switch eventType {
        case "1": ("football", "Football")
        case "2": ("tennis", "Tennis")
        case "3": ("golf", "Golf")
        case "4": ("cricket", "Cricket")
        case "7": ("horse_racing", "Horse Racing")
        case "4339": ("greyhounds", "Greyhounds")
        case "7522": ("basketball", "Basketball")
        default: (eventType, "")
        }
    }
}
