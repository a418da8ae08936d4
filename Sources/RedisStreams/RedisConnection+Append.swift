// SPDX-License-Identifier: Apache-2.0
import Telemetry

extension RedisConnection {
    /// Appends entries under their own ids, all or none as far as Redis can: one as a plain XADD, more in MULTI/EXEC.
    ///
    /// Never creates the stream. Throws `.partlyAppended` when some ids were accepted and some refused, which one
    /// writer with growing ids cannot cause. After anything but `.appended`, read the last entry before going on.
    package func append(to stream: String, _ entries: [StreamEntry]) throws(RedisError) -> AppendOutcome {
        try onWire { wire throws(RedisError) in
            switch entries.count {
            case 0: .appended
            case 1: try wire.appendOne(to: stream, entries[0])
            default: try wire.appendMany(to: stream, entries)
            }
        }
    }

    /// Appends a payload under the next id of Redis' own making; nil when there is no such stream.
    package func appendNext(to stream: String, payload: [UInt8]) throws(RedisError) -> StreamID? {
        let reply = try request { buffer in
            buffer.begin(6)
            buffer.arguments("$4\r\nXADD\r\n")
            buffer.argument(stream)
            buffer.arguments("$10\r\nNOMKSTREAM\r\n$1\r\n*\r\n$1\r\ne\r\n")
            buffer.argument(payload)
        }
        return reply.view.isNull ? nil : try reply.view.streamID()
    }
}

/// What Redis said to one XADD.
enum AdditionResult {
    case accepted
    case refused(String)
    case streamMissing

    /// Throws what no XADD with an id of its own is expected to meet.
    init(_ reply: ReplyView) throws(RedisError) {
        if reply.isNull {
            self = .streamMissing
        } else if let error = reply.refusal {
            guard error.refusal == .idNotGrowing, case .server(_, let message) = error else { throw error }
            self = .refused(message)
        } else {
            self = .accepted
        }
    }
}

extension CommandBuffer {
    /// One XADD under the entry's own id.
    mutating func add(_ entry: StreamEntry, to stream: String, creating: Bool = false) {
        begin((creating ? 5 : 6) + (entry.trace == nil ? 0 : 2))
        arguments("$4\r\nXADD\r\n")
        argument(stream)
        if !creating { arguments("$10\r\nNOMKSTREAM\r\n") }
        argument(entry.id)
        arguments("$1\r\ne\r\n")
        argument(entry.payload)
        if let trace = entry.trace {
            arguments("$1\r\nt\r\n")
            argument(trace.traceparent)
        }
    }
}

extension Wire {
    fileprivate func appendOne(to stream: String, _ entry: StreamEntry) throws(RedisError) -> AppendOutcome {
        try send { $0.add(entry, to: stream) }
        let reply = try receive()
        if let error = reply.view.refusal, error.refusal == .outOfMemory { return .outOfMemory(error.description) }
        switch try AdditionResult(reply.view) {
        case .accepted: return .appended
        case .refused(let message): return .refused(message)
        case .streamMissing: return .streamMissing
        }
    }

    /// What an XADD takes besides its stream's name and its payload, more or less.
    private static let additionBytes = 96

    fileprivate func appendMany(to stream: String, _ entries: [StreamEntry]) throws(RedisError) -> AppendOutcome {
        let result = try transaction { buffer in
            buffer.reserve(entries.reduce(0) { $0 + $1.payload.count + stream.utf8.count + Wire.additionBytes })
            for entry in entries { buffer.add(entry, to: stream) }
        }
        switch consume result {
        case .executed(let reply): return try Self.outcome(of: reply.view)
        case .aborted(let error):
            guard error.refusal == .outOfMemory else { throw error }
            return .outOfMemory(error.description)
        case .disturbed: throw .unexpectedReply("nil for a transaction that watches nothing")
        }
    }

    private static func outcome(of replies: ReplyView) throws(RedisError) -> AppendOutcome {
        var accepted = 0
        var missing = 0
        var refusal: String?
        for index in 0..<replies.count {
            guard let reply = replies[index] else { continue }
            switch try AdditionResult(reply) {
            case .accepted: accepted += 1
            case .streamMissing: missing += 1
            case .refused(let message): refusal = refusal ?? message
            }
        }
        if accepted == replies.count { return .appended }
        if missing == replies.count { return .streamMissing }
        guard accepted == 0, missing == 0, let refusal else {
            throw .partlyAppended(accepted: accepted, of: replies.count, message: refusal ?? "no such stream")
        }
        return .refused(refusal)
    }
}
