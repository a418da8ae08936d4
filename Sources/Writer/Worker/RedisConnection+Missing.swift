import RedisStreams

/// Calls for which a stream or group that is not there yet is an answer, not an error.
extension RedisConnection {
    /// What a consumer reads of one stream without waiting; `.missing` when there is no such group or stream.
    func readIfThere(
        _ stream: String, group: String, consumer: String, from cursor: GroupCursor, count: Int
    ) throws(RedisError) -> GroupReading {
        do {
            let batches = try readGroup(
                [stream], group: group, consumer: consumer, from: cursor, count: count, block: nil)
            return batches.first.map { .batch($0) } ?? .nothing
        } catch  where error.refusal == .noGroup || error.refusal == .wrongType {
            return .missing
        }
    }

    /// Makes a group at the beginning of its stream, but never the stream: an empty one would hide from its FeedClient
    /// that
    /// Redis has lost it.
    func makeGroup(_ group: String, of stream: String) throws(RedisError) -> GroupMaking {
        do {
            _ = try command(["XGROUP", "CREATE", .text(stream), .text(group), "0"])
            return .made
        } catch  where error.refusal == .busyGroup {
            return .wasThere
        } catch {
            if error.refusal == .wrongType { return .notAStream }
            guard case .server(_, let message) = error, message.contains("requires the key") else { throw error }
            return .streamMissing
        }
    }

    func removeIdleConsumersIfThere(stream: String, group: String, idle: Duration) throws(RedisError) {
        do {
            try removeIdleConsumers(stream: stream, group: group, idle: idle)
        } catch  where error.refusal != nil {
            return
        }
    }
}

enum GroupReading: Sendable {
    case batch(StreamBatch)
    case nothing
    case missing
}

enum GroupMaking: Sendable {
    case made, wasThere, streamMissing
    /// Something else is under the stream's name.
    case notAStream
}
