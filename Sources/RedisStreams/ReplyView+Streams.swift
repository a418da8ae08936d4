// SPDX-License-Identifier: Apache-2.0
import Glibc
import Telemetry

/// Reading entries and batches straight out of replies.
extension ReplyView {
    func streamID() throws(RedisError) -> StreamID {
        guard let id = StreamID(digits: characters) else {
            throw .unexpectedReply("\(shape) where a stream id belongs")
        }
        return id
    }

    /// `[[id, [field, value, …]], …]`; an entry with nil for its fields was deleted while it was pending.
    func entries() throws(RedisError) -> (entries: [StreamEntry], deleted: [StreamID]) {
        guard isArray else { throw .unexpectedReply("\(shape) where entries belong") }
        var entries: [StreamEntry] = []
        entries.reserveCapacity(count)
        var deleted: [StreamID] = []
        for index in 0..<count {
            guard let pair = self[index], let id = try pair[0]?.streamID(), let fields = pair[1] else {
                throw .unexpectedReply("an entry that is not a pair of id and fields")
            }
            if fields.isArray {
                entries.append(StreamEntry(id: id, payload: fields.payload(), trace: fields.trace()))
            } else {
                deleted.append(id)
            }
        }
        return (entries, deleted)
    }

    /// `[[stream, entries], …]`, or nil when a blocking read ran into its bound.
    func batches() throws(RedisError) -> [StreamBatch] {
        if isNull { return [] }
        guard isArray else { throw .unexpectedReply("\(shape) where streams belong") }
        var batches: [StreamBatch] = []
        batches.reserveCapacity(count)
        for index in 0..<count {
            guard let pair = self[index], let stream = pair[0], let content = pair[1] else {
                throw .unexpectedReply("a stream that is not a pair of name and entries")
            }
            let (entries, deleted) = try content.entries()
            batches.append(StreamBatch(stream: stream.text, entries: entries, deleted: deleted))
        }
        return batches
    }

    /// Values of a reply that alternates names and values, as XINFO sends them.
    func fields() -> [String: RedisValue] {
        var fields: [String: RedisValue] = [:]
        var index = 0
        while let name = self[index], let value = self[index + 1] {
            fields[name.text] = value.value
            index += 2
        }
        return fields
    }

    /// The value of field `e`: one allocation, one copy, the slack zeroed.
    private func payload() -> [UInt8] { value(of: UInt8(ascii: "e"))?.paddedCopy() ?? [] }

    /// The context in field `t`, if it says that its entry is sampled.
    private func trace() -> TraceContext? {
        guard count > 2, let value = value(of: UInt8(ascii: "t")),
            let trace = TraceContext(traceparent: value.characters), trace.isSampled
        else { return nil }
        return trace
    }

    /// The value of a field whose name is one character.
    private func value(of field: UInt8) -> ReplyView? {
        var index = 0
        while let name = self[index], let value = self[index + 1] {
            if name.characters.count == 1, name.characters[0] == field { return value }
            index += 2
        }
        return nil
    }

    private func paddedCopy() -> [UInt8] {
        let source = characters
        let slack = StreamEntry.readableSlack
        return [UInt8](unsafeUninitializedCapacity: source.count + slack) { buffer, count in
            count = source.count
            guard let target = buffer.baseAddress else { return }
            if let start = source.baseAddress { memcpy(target, start, source.count) }
            memset(target + source.count, 0, slack)
        }
    }
}
