// SPDX-License-Identifier: Apache-2.0

extension RedisConnection {
    /// The last entry of a stream; nil when it is empty or missing.
    package func lastEntry(of stream: String) throws(RedisError) -> StreamEntry? {
        try range(of: stream, from: .zero, to: .max, count: 1, reversed: true).first
    }

    /// Entries between two ids, both included, from the low end or, `reversed`, from the high end.
    package func range(
        of stream: String, from: StreamID, to: StreamID, count: Int, reversed: Bool = false
    ) throws(RedisError) -> [StreamEntry] {
        let reply = try request { buffer in
            buffer.begin(6)
            buffer.argument(reversed ? "XREVRANGE" : "XRANGE")
            buffer.argument(stream)
            buffer.argument(reversed ? to : from)
            buffer.argument(reversed ? from : to)
            buffer.argument("COUNT")
            buffer.argument(count)
        }
        return try reply.view.entries().entries
    }

    /// Reads for one consumer of a group. Streams with nothing to give are left out; all of them when `block` ran out.
    ///
    /// `block` is cut to half of the connection's timeout; it does nothing for a backlog, which is always at hand.
    /// Throws `NOGROUP` (`refusal == .noGroup`) when a stream or its group is missing.
    package func readGroup(
        _ streams: [String], group: String, consumer: String, from: GroupCursor, count: Int, block: Duration?
    ) throws(RedisError) -> [StreamBatch] {
        let wait = block.map { blockMilliseconds($0) }
        let reply = try request { buffer in
            buffer.begin(7 + (wait == nil ? 0 : 2) + 2 * streams.count)
            buffer.arguments("$10\r\nXREADGROUP\r\n$5\r\nGROUP\r\n")
            buffer.argument(group)
            buffer.argument(consumer)
            buffer.readOptions(count: count, block: wait)
            for stream in streams { buffer.argument(stream) }
            for _ in streams {
                switch from {
                case .new: buffer.arguments("$1\r\n>\r\n")
                case .backlog(let id): buffer.argument(id)
                }
            }
        }
        let batches = try reply.view.batches()
        // A backlog read names every stream, also those with nothing pending.
        return batches.filter { !$0.entries.isEmpty || !$0.deleted.isEmpty }
    }

    /// Reads streams by id, without a group: what lies above each `after`.
    package func read(
        _ streams: [(stream: String, after: StreamID)], count: Int, block: Duration?
    ) throws(RedisError) -> [StreamBatch] {
        let wait = block.map { blockMilliseconds($0) }
        let reply = try request { buffer in
            buffer.begin(4 + (wait == nil ? 0 : 2) + 2 * streams.count)
            buffer.arguments("$5\r\nXREAD\r\n")
            buffer.readOptions(count: count, block: wait)
            for item in streams { buffer.argument(item.stream) }
            for item in streams { buffer.argument(item.after) }
        }
        return try reply.view.batches()
    }

    /// At least 1, because Redis takes 0 for "for ever".
    private func blockMilliseconds(_ block: Duration) -> Int64 { max(1, min(block, longestBlock).milliseconds) }
}

extension CommandBuffer {
    /// `COUNT n [BLOCK ms] STREAMS`.
    fileprivate mutating func readOptions(count: Int, block: Int64?) {
        arguments("$5\r\nCOUNT\r\n")
        argument(count)
        if let block {
            arguments("$5\r\nBLOCK\r\n")
            argument(block)
        }
        arguments("$7\r\nSTREAMS\r\n")
    }
}

extension Duration {
    /// Whole milliseconds, as Redis counts.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }
}
