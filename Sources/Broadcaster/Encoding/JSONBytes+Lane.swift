import FeedModel

/// Writes the elements of a JSON array that may turn out to be empty, in which case nothing is written.
struct JSONList {
    private let opening: StaticString
    private var isOpen = false

    /// `opening` is the member up to and with its bracket.
    init(member opening: StaticString) { self.opening = opening }

    /// Call before each element.
    mutating func next(_ json: inout JSONBytes) {
        if isOpen { json.raw(",") } else { json.raw(opening) }
        isOpen = true
    }

    mutating func end(_ json: inout JSONBytes) {
        if isOpen { json.raw("]") }
    }
}

extension JSONBytes {
    /// The member that tells projections apart; nothing for the plain one.
    mutating func projection(_ projection: Projection) {
        guard let tag = projection.tag else { return }
        raw(",\"pj\":")
        string(tag)
    }

    mutating func fixtureMember(_ id: String, _ info: FixtureInfo) {
        raw(",\"fixture\":")
        fixture(id, info)
    }

    mutating func fixture(_ id: String, _ info: FixtureInfo) {
        raw("{\"id\":")
        string(id)
        member(",\"sport\":", info.sport.isEmpty ? info.sportID : info.sport)
        member(",\"sport_id\":", info.sportID)
        member(",\"tournament\":", info.tournament.isEmpty ? info.tournamentID : info.tournament)
        member(",\"tournament_id\":", info.tournamentID)
        member(",\"home\":", info.homeTeam)
        member(",\"away\":", info.awayTeam)
        raw(",\"start\":")
        if let start = info.startTime { integer(start.milliseconds) } else { raw("null") }
        raw(",\"status\":\"")
        raw(info.status.json)
        raw("\"")
        if let home = info.homeScore, let away = info.awayScore {
            raw(",\"score\":[")
            integer(Int64(home))
            raw(",")
            integer(Int64(away))
            raw("]")
        }
        raw("}")
    }

    private mutating func member(_ name: StaticString, _ text: String) {
        guard !text.isEmpty else { return }
        raw(name)
        string(text)
    }

    /// One element of `u`, or of a snapshot's rows: the fields of the mask.
    mutating func row(_ row: Row, market: Market, mask: FieldMask, format: OddsFormat) {
        raw("{\"k\":")
        key(row.key)
        if !mask.isDisjoint(with: [.created, .description]) {
            describe(row, market: market, isReplacing: mask.contains(.description))
        }
        price(",\"p\":", row.prices.price, mask, .price, format)
        price(",\"lay\":", row.prices.lay, mask, .lay, format)
        amount(",\"bs\":", row.prices.backSize, mask, .backSize)
        amount(",\"ls\":", row.prices.laySize, mask, .laySize)
        price(",\"ltp\":", row.prices.lastTraded, mask, .lastTraded, format)
        if !mask.isDisjoint(with: [.created, .status]) {
            raw(",\"st\":\"")
            raw(row.status.json)
            raw("\"")
        }
        if let time = row.sourceTime {
            raw(",\"ts\":")
            integer(time.milliseconds)
        }
        raw("}")
    }

    /// `isReplacing`: the client may hold names that are not known any more.
    private mutating func describe(_ row: Row, market: Market, isReplacing: Bool) {
        raw(",\"market\":")
        string(market.type)
        if market.id != market.type { member(",\"mid\":", market.id) }
        member(",\"mname\":", market.name)
        if isReplacing, market.name.isEmpty { raw(",\"mname\":null") }
        if let line = row.line {
            raw(",\"line\":")
            decimal(line)
        }
        raw(",\"option\":")
        string(row.option)
        member(",\"name\":", row.name)
        if isReplacing, row.name.isEmpty { raw(",\"name\":null") }
    }

    private mutating func price(
        _ name: StaticString, _ value: FixedDecimal?, _ mask: FieldMask, _ field: FieldMask, _ format: OddsFormat
    ) {
        if let value {
            guard mask.contains(field) || mask.contains(.created) else { return }
            raw(name)
            price(value, format)
        } else if mask.contains(field) {
            raw(name)
            raw("null")
        }
    }

    private mutating func amount(_ name: StaticString, _ value: FixedDecimal?, _ mask: FieldMask, _ field: FieldMask) {
        if let value {
            guard mask.contains(field) || mask.contains(.created) else { return }
            raw(name)
            decimal(value)
        } else if mask.contains(field) {
            raw(name)
            raw("null")
        }
    }

    /// One element of `r`.
    mutating func removal(_ key: UInt64, _ reason: RemovalReason) {
        raw("{\"k\":")
        self.key(key)
        raw(",\"why\":\"")
        raw(reason.name)
        raw("\"")
        if case .settled(let result) = reason {
            raw(",\"result\":\"")
            raw(result.json)
            raw("\"")
        }
        raw("}")
    }
}

// The names of the closed sets as literals: `NamedCode.name` builds a string each time.

extension OddsStatus {
    var json: StaticString {
        switch self {
        case .open: "open"
        case .suspended: "suspended"
        case .closed: "closed"
        }
    }
}

extension FixtureStatus {
    var json: StaticString {
        switch self {
        case .scheduled: "scheduled"
        case .live: "live"
        case .suspended: "suspended"
        case .finished: "finished"
        case .cancelled: "cancelled"
        }
    }
}

extension SettlementResult {
    var json: StaticString {
        switch self {
        case .won: "won"
        case .lost: "lost"
        case .placed: "placed"
        case .void: "void"
        case .removed: "removed"
        }
    }
}

extension FeedStatus {
    var json: StaticString {
        switch self {
        case .up: "up"
        case .stale: "stale"
        case .down: "down"
        case .recovering: "recovering"
        }
    }
}
