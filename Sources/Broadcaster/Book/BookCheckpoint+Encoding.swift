import FeedModel

extension BookCheckpoint {
    func encoded() -> [UInt8] {
        var buffer: [UInt8] = [Self.version]
        buffer.appendLittleEndian(frame)
        buffer.appendLittleEndian(receivedAt.microseconds)
        buffer.appendLittleEndian(term.rawValue)
        buffer.append(session?.rawValue ?? 0)
        buffer.append(isPartial ? 1 : 0)
        buffer.append(text: recovery)
        buffer.appendLittleEndian(history.horizon)
        buffer.appendLittleEndian(UInt32(history.marks.count))
        for mark in history.marks {
            buffer.appendLittleEndian(mark.frame)
            buffer.appendLittleEndian(mark.at.microseconds)
        }
        buffer.appendLittleEndian(UInt32(history.forks.count))
        for fork in history.forks {
            buffer.appendLittleEndian(fork.after)
            buffer.appendLittleEndian(fork.before)
        }
        buffer.appendLittleEndian(UInt32(history.gone.count))
        for lane in history.gone {
            buffer.append(text: lane.fixtureID)
            buffer.appendLittleEndian(lane.frame)
            buffer.appendLittleEndian(lane.at.microseconds)
        }
        buffer.appendLittleEndian(UInt32(lanes.count))
        for lane in lanes { lane.encode(to: &buffer) }
        return buffer
    }
}

extension SavedLane {
    fileprivate func encode(to buffer: inout [UInt8]) {
        buffer.append(text: fixtureID)
        buffer.appendLittleEndian(seq)
        buffer.appendLittleEndian(fixturePosition.rawValue)
        buffer.appendLittleEndian(fixtureFrame)
        buffer.appendLittleEndian(factsFrame)
        buffer.appendLittleEndian(changedAt.microseconds)
        buffer.append(fixture == nil ? 0 : 1)
        fixture?.encode(to: &buffer)
        buffer.appendLittleEndian(UInt32(markets.count))
        for market in markets {
            buffer.append(text: market.id)
            buffer.append(text: market.type)
            buffer.append(text: market.name)
        }
        buffer.appendLittleEndian(UInt32(rows.count))
        for row in rows { row.encode(to: &buffer) }
        buffer.appendLittleEndian(UInt32(tombstones.count))
        for (key, tombstone) in tombstones {
            buffer.appendLittleEndian(key)
            tombstone.encode(to: &buffer)
        }
    }
}

extension FixtureInfo {
    fileprivate func encode(to buffer: inout [UInt8]) {
        for text in [sportID, sport, tournamentID, tournament, homeTeam, awayTeam] { buffer.append(text: text) }
        buffer.appendLittleEndian(startTime?.microseconds ?? .min)
        buffer.append(status.rawValue)
        buffer.appendLittleEndian(homeScore ?? .min)
        buffer.appendLittleEndian(awayScore ?? .min)
    }
}

extension Row {
    fileprivate func encode(to buffer: inout [UInt8]) {
        buffer.appendLittleEndian(key)
        buffer.appendLittleEndian(UInt16(identity.count))
        buffer.append(contentsOf: identity)
        buffer.appendLittleEndian(UInt32(market))
        buffer.append(text: name)
        for price in [prices.price, prices.lay, prices.backSize, prices.laySize, prices.lastTraded] {
            buffer.appendLittleEndian(price?.scaled ?? .min)
        }
        buffer.append(status.rawValue)
        buffer.appendLittleEndian(sourceTime?.microseconds ?? .min)
        buffer.appendLittleEndian(position.rawValue)
        buffer.appendLittleEndian(changedFrame)
        buffer.appendLittleEndian(closedAt?.microseconds ?? .min)
    }
}

extension Tombstone {
    fileprivate func encode(to buffer: inout [UInt8]) {
        buffer.append(reason.code)
        buffer.appendLittleEndian(UInt32(market))
        buffer.append(text: name)
        buffer.appendLittleEndian(position.rawValue)
        buffer.appendLittleEndian(frame)
        buffer.appendLittleEndian(removedAt.microseconds)
    }
}

extension RemovalReason {
    /// A settlement's result as its own number; the others from 100.
    fileprivate var code: UInt8 {
        switch self {
        case .settled(let result): result.rawValue
        case .closed: 100
        case .gone: 101
        }
    }
}

extension [UInt8] {
    /// A text of at most 65,535 bytes with its length before it.
    fileprivate mutating func append(text: String) {
        let bytes = text.utf8.prefix(Int(UInt16.max))
        appendLittleEndian(UInt16(bytes.count))
        append(contentsOf: bytes)
    }
}
