// SPDX-License-Identifier: Apache-2.0

extension RedisConnection {
    /// Forwards entries, writes their dead letters and acknowledges what they came from, in one MULTI/EXEC.
    ///
    /// A dead letter that is there already is fine: the same decoder wrote the same letter. Letters may create their
    /// stream, because losing one would be worse than a stream whose group is made later. `events` is never created.
    package func hop(_ hop: Hop) throws(RedisError) -> HopOutcome {
        try onWire { wire throws(RedisError) in
            let result = try wire.transaction { buffer in
                for entry in hop.entries { buffer.add(entry, to: hop.events) }
                for letter in hop.letters { buffer.add(letter, to: hop.dead, creating: true) }
                if !hop.acknowledge.isEmpty {
                    buffer.acknowledge(hop.acknowledge, of: hop.raw, group: hop.group)
                }
            }
            switch consume result {
            case .executed(let reply): return try hop.outcome(of: reply.view)
            case .aborted(let error):
                guard error.refusal == .outOfMemory else { throw error }
                return .outOfMemory
            case .disturbed: throw .unexpectedReply("nil for a transaction that watches nothing")
            }
        }
    }
}

extension Hop {
    /// Every reply of the EXEC is looked at: an error in one leaves the others carried out.
    fileprivate func outcome(of replies: ReplyView) throws(RedisError) -> HopOutcome {
        var firstRefused: StreamID?
        var isMissing = false
        var letterFailure: RedisError?
        for index in 0..<replies.count {
            guard let reply = replies[index] else { continue }
            if index < entries.count {
                switch try AdditionResult(reply) {
                case .accepted: break
                case .refused: firstRefused = firstRefused ?? entries[index].id
                case .streamMissing: isMissing = true
                }
            } else if index < entries.count + letters.count {
                do { _ = try AdditionResult(reply) } catch { letterFailure = error }
            } else if let error = reply.refusal {
                throw error
            }
        }
        if isMissing { return .streamMissing }
        if let letterFailure { return .lettersNotTaken("\(letterFailure)") }
        return firstRefused.map { .refused(firstRefused: $0) } ?? .forwarded
    }
}
