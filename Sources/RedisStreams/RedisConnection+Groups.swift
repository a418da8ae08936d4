// SPDX-License-Identifier: Apache-2.0

extension RedisConnection {
    /// Makes a group, and its stream if need be; false when the group was there.
    package func createGroup(stream: String, group: String, at id: StreamID) throws(RedisError) -> Bool {
        do {
            _ = try request { $0.createGroup(group, of: stream, at: id) }
            return true
        } catch let error where error.refusal == .busyGroup {
            return false
        }
    }

    /// Takes entries off the group's pending list; returns how many were on it.
    @discardableResult
    package func acknowledge(stream: String, group: String, _ ids: [StreamID]) throws(RedisError) -> Int {
        if ids.isEmpty { return 0 }
        return Int(try request { $0.acknowledge(ids, of: stream, group: group) }.view.integer)
    }

    /// Takes over what any consumer of the group has left idle, from a cursor on; each claim counts as a delivery.
    package func claimIdle(
        stream: String, group: String, consumer: String, minimumIdle: Duration, from cursor: StreamID, count: Int
    ) throws(RedisError) -> ClaimedEntries {
        let reply = try request { buffer in
            buffer.command([
                "XAUTOCLAIM", .text(stream), .text(group), .text(consumer), .integer(minimumIdle.milliseconds),
                .id(cursor), "COUNT", .integer(Int64(count)),
            ])
        }
        guard let next = reply.view[0], let content = reply.view[1] else {
            throw .unexpectedReply("\(reply.view.shape) to XAUTOCLAIM")
        }
        var (entries, deleted) = try content.entries()
        if let gone = reply.view[2] {
            for index in 0..<gone.count {
                if let id = try gone[index]?.streamID() { deleted.append(id) }
            }
        }
        return ClaimedEntries(next: try next.streamID(), entries: entries, deleted: deleted)
    }

    /// How much of a group is pending, and with whom.
    package func pendingSummary(stream: String, group: String) throws(RedisError) -> PendingSummary {
        let view = try command(["XPENDING", .text(stream), .text(group)])
        guard let parts = view.array, parts.count == 4, let count = parts[0].integer else {
            throw .unexpectedReply("an XPENDING summary of another form")
        }
        let consumers = (parts[3].array ?? []).compactMap { item -> (name: String, count: Int)? in
            guard let pair = item.array, pair.count == 2, let name = pair[0].text, let count = pair[1].integer else {
                return nil
            }
            return (name, count)
        }
        return PendingSummary(
            count: count, lowest: parts[1].streamID, highest: parts[2].streamID, consumers: consumers)
    }

    /// Pending entries between two ids, with how often each was delivered.
    package func deliveries(
        stream: String, group: String, from: StreamID, to: StreamID, count: Int
    ) throws(RedisError) -> [PendingEntry] {
        let reply = try command([
            "XPENDING", .text(stream), .text(group), .id(from), .id(to), .integer(Int64(count)),
        ])
        return (reply.array ?? []).compactMap { item in
            guard let parts = item.array, parts.count == 4, let id = parts[0].streamID, let consumer = parts[1].text,
                let idle = parts[2].integer, let deliveries = parts[3].integer
            else { return nil }
            return PendingEntry(id: id, consumer: consumer, idle: .milliseconds(idle), deliveries: deliveries)
        }
    }

    /// The groups of a stream; none when the stream is missing.
    package func groups(of stream: String) throws(RedisError) -> [GroupInfo] {
        try describe(["XINFO", "GROUPS", .text(stream)]).compactMap { fields in
            guard let name = fields["name"]?.text, let last = fields["last-delivered-id"]?.streamID else { return nil }
            return GroupInfo(
                name: name, consumers: fields["consumers"]?.integer ?? 0, pending: fields["pending"]?.integer ?? 0,
                lastDelivered: last, lag: fields["lag"]?.integer)
        }
    }

    /// The consumers of a group; none when the stream is missing.
    package func consumers(stream: String, group: String) throws(RedisError) -> [ConsumerInfo] {
        try describe(["XINFO", "CONSUMERS", .text(stream), .text(group)]).compactMap { fields in
            guard let name = fields["name"]?.text else { return nil }
            return ConsumerInfo(
                name: name, pending: fields["pending"]?.integer ?? 0,
                idle: .milliseconds(fields["idle"]?.integer ?? 0))
        }
    }

    private func describe(_ arguments: [RedisArgument]) throws(RedisError) -> [[String: RedisValue]] {
        do {
            let reply = try request { $0.command(arguments) }
            return (0..<reply.view.count).compactMap { reply.view[$0]?.fields() }
        } catch let error where error.isMissingKey {
            return []
        }
    }
}

extension RedisError {
    /// XINFO's way to say that there is no such stream.
    var isMissingKey: Bool {
        if case .server(_, let message) = self { message.contains("no such key") } else { false }
    }
}

extension RedisValue {
    var streamID: StreamID? { bytes.flatMap { $0.withUnsafeBytes { StreamID(digits: $0) } } }
}

extension CommandBuffer {
    mutating func createGroup(_ group: String, of stream: String, at id: StreamID) {
        command(["XGROUP", "CREATE", .text(stream), .text(group), .id(id), "MKSTREAM"])
    }

    /// One variadic XACK.
    mutating func acknowledge(_ ids: [StreamID], of stream: String, group: String) {
        begin(3 + ids.count)
        arguments("$4\r\nXACK\r\n")
        argument(stream)
        argument(group)
        for id in ids { argument(id) }
    }
}
