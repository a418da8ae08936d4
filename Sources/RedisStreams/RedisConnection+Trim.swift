// SPDX-License-Identifier: Apache-2.0

extension RedisConnection {
    /// A stream's length and ends; nil when it is missing.
    package func streamInfo(of stream: String) throws(RedisError) -> StreamInfo? {
        do {
            let reply = try request { $0.command(["XINFO", "STREAM", .text(stream)]) }
            let fields = reply.view.fields()
            return StreamInfo(
                length: fields["length"]?.integer ?? 0, added: fields["entries-added"]?.integer ?? 0,
                lastGenerated: fields["last-generated-id"]?.streamID ?? .zero,
                first: fields["first-entry"]?.array?.first?.streamID,
                last: fields["last-entry"]?.array?.first?.streamID)
        } catch let error where error.isMissingKey {
            return nil
        }
    }

    /// The lowest id that any of these groups still needs: its oldest pending entry, or else the last one delivered to
    /// it. Never above the last entry, so that trimming below it leaves that one. Nil when the stream or one of the
    /// groups is missing: then nothing may be trimmed.
    ///
    /// Find and use it on one connection: on another, a read in between could have delivered what is trimmed.
    package func trimFloor(of stream: String, groups names: [String]) throws(RedisError) -> StreamID? {
        guard var floor = try lastEntry(of: stream)?.id else { return nil }
        let known = try groups(of: stream)
        for name in names {
            guard let group = known.first(where: { $0.name == name }) else { return nil }
            floor = min(floor, group.lastDelivered)
            if group.pending > 0, let oldest = try pendingSummary(stream: stream, group: name).lowest {
                floor = min(floor, oldest)
            }
        }
        return floor
    }

    /// Removes entries below an id; returns how many went. Unless `exactly`, Redis removes whole blocks only and leaves
    /// some behind, which costs it a fraction of the work.
    @discardableResult
    package func trim(stream: String, below minimum: StreamID, exactly: Bool = false) throws(RedisError) -> Int {
        let reply = try request { buffer in
            buffer.command(["XTRIM", .text(stream), "MINID", exactly ? "=" : "~", .id(minimum)])
        }
        return Int(reply.view.integer)
    }

    /// Removes consumers that have asked for nothing for so long and have nothing pending; returns their names.
    ///
    /// One script, because a consumer that reads between check and removal would take its entries with it.
    @discardableResult
    package func removeIdleConsumers(
        stream: String, group: String, idle: Duration
    ) throws(RedisError) -> [String] {
        let reply = try command([
            "EVAL", .text(Self.removeIdleScript), "1", .text(stream), .text(group), .integer(idle.milliseconds),
        ])
        return (reply.array ?? []).compactMap(\.text)
    }

    private static let removeIdleScript = """
        local removed = {}
        for _, fields in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
          local consumer = {}
          for i = 1, #fields, 2 do consumer[fields[i]] = fields[i + 1] end
          if consumer.pending == 0 and consumer.idle >= tonumber(ARGV[2]) then
            redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer.name)
            removed[#removed + 1] = consumer.name
          end
        end
        return removed
        """
}
