import FeedModel

/// Entries as people read them: one JSON line an item.
enum EntryText {
    /// The control event of a raw entry; nil if it holds frames.
    static func control(of payload: [UInt8]) throws -> ControlEvent? {
        try payload.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            guard try RawEntry.header(&cursor).kind == .control else { return nil }
            return try ControlEvent(decoding: try RawEntry.frame(&cursor).bytes)
        }
    }

    /// Frame number, time and text of each frame of a raw entry.
    static func frames(of payload: [UInt8]) throws -> [String] {
        try payload.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            let header = try RawEntry.header(&cursor)
            return try (0..<header.frameCount).map { index in
                let frame = try RawEntry.frame(&cursor)
                let kind = header.kind == .control ? "control" : frame.isBinary ? "binary" : "text"
                return
                    "{\"frame\":\(header.first + FrameNumber(index)),\"received_at\":\"\(header.receivedAt)\",\"kind\":\"\(kind)\","
                    + "\"body\":\(body(frame.bytes))}"
            }
        }
    }

    /// JSON bodies go in as they are; anything else as a JSON string.
    private static func body(_ bytes: UnsafeRawBufferPointer) -> String {
        let text = bytes.string
        return text.hasPrefix("{") || text.hasPrefix("[") ? text : quoted(text)
    }

    /// The events of an `events` entry.
    static func events(of payload: [UInt8]) throws -> [String] {
        try payload.withUnsafeBytes { bytes in
            var reader = try EventsEntryReader(bytes)
            var lines: [String] = []
            while let event = try reader.next() { lines.append(line(event, at: reader.header.receivedAt)) }
            return lines
        }
    }

    private static func line(_ event: FeedEvent, at receivedAt: Timestamp) -> String {
        switch event {
        case .oddsChange(let odds):
            object(
                "odds_change", odds.position, receivedAt, odds.sourceTime,
                identity(odds.identity) + [
                    ("status", quoted(odds.status.name)), ("odd", odds.odd?.description),
                    ("lay", odds.lay?.description),
                    ("back_size", odds.backSize?.description), ("lay_size", odds.laySize?.description),
                    ("last_traded", odds.lastTraded?.description), ("overround", odds.overround?.description),
                    ("in_play", odds.isInPlay ? "true" : nil), ("snapshot", odds.isSnapshot ? "true" : nil),
                ])
        case .fixtureUpdate(let fixture):
            object(
                "fixture_update", fixture.position, receivedAt, fixture.sourceTime,
                [
                    ("fixture_id", quoted(fixture.fixtureID.string)), ("status", quoted(fixture.status.name)),
                    ("sport", quoted(fixture.sport.string)), ("tournament", quoted(fixture.tournament.string)),
                    ("home_team", quoted(fixture.homeTeam.string)), ("away_team", quoted(fixture.awayTeam.string)),
                    ("start_time", fixture.startTime.map { quoted($0.description) }),
                    ("home_score", fixture.homeScore.map(String.init)),
                    ("away_score", fixture.awayScore.map(String.init)),
                ])
        case .settlement(let settlement):
            object(
                "settlement", settlement.position, receivedAt, settlement.sourceTime,
                identity(settlement.identity) + [("result", quoted(settlement.result.name))])
        case .betPlacement(let bet):
            object(
                "bet_placement", bet.position, receivedAt, bet.sourceTime,
                identity(bet.identity) + [
                    ("bet_id", quoted(bet.betID.string)), ("user_id", quoted(bet.userID.string)),
                    ("amount", bet.amount.description), ("odd", bet.odd.description),
                    ("side", quoted(bet.side.name)), ("status", quoted(bet.status.name)),
                ])
        case .control(let position, let body):
            object("control", position, receivedAt, nil, [("body", body.string)])
        }
    }

    private static func identity(_ bytes: TextView) -> [(String, String?)] {
        let identity = SelectionIdentity(viewing: bytes)
        return [
            ("fixture_id", quoted(identity.fixtureID.string)), ("market_id", quoted(identity.marketID.string)),
            ("market_type", quoted(identity.marketType.string)), ("option_id", quoted(identity.optionID.string)),
            ("line", identity.line?.description),
        ]
    }

    private static func object(
        _ type: String, _ position: Position, _ receivedAt: Timestamp, _ sourceTime: Timestamp?,
        _ fields: [(String, String?)]
    ) -> String {
        let head: [(String, String?)] = [
            ("type", quoted(type)), ("position", quoted(position.description)),
            ("received_at", quoted(receivedAt.description)),
            ("source_time", sourceTime.map { quoted($0.description) }),
        ]
        let members = (head + fields).compactMap { name, value in value.map { "\"\(name)\":\($0)" } }
        return "{\(members.joined(separator: ","))}"
    }

    static func letter(_ letter: DeadLetter) -> String {
        object(
            "dead_letter", letter.position, letter.receivedAt, nil,
            [
                ("stage", quoted(letter.stage.name)), ("reason", quoted(letter.reason.name)),
                ("detail", quoted(letter.detail)), ("payload", quoted(String(decoding: letter.payload, as: UTF8.self))),
            ])
    }

    /// A JSON string (RFC 8259 section 7).
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
