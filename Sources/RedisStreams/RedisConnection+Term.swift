// SPDX-License-Identifier: Apache-2.0

extension RedisConnection {
    /// Begins a term: reads the last entry, lets `make` number and write the next, and appends it only if nobody else
    /// appended in between; again with the new last entry if somebody did.
    ///
    /// This alone creates streams: `stream` itself, those of `groups` with the groups that are missing, at 0, and
    /// `alsoCreate` without a group. Throws what `make` throws, `.disturbed` after ten attempts, and the server's
    /// refusal when the number that `make` chose is not above everything ever appended.
    package func startTerm(
        stream: String, groups: [StreamGroup], alsoCreate: [String] = [],
        _ make: @Sendable (StreamEntry?) throws -> StreamEntry
    ) throws -> TermStart {
        for _ in 0..<Self.termAttempts {
            _ = try request { $0.command(["WATCH", .text(stream)]) }
            do {
                let predecessor = try lastEntry(of: stream)
                let entry = try make(predecessor)
                if try begin(with: entry, on: stream, groups: groups, alsoCreate: alsoCreate) {
                    return TermStart(appended: entry, predecessor: predecessor)
                }
            } catch {
                // A watch left behind would abort the next transaction, whatever it is about.
                if isConnected { _ = try? request { $0.command(["UNWATCH"]) } }
                throw error
            }
        }
        throw RedisError.disturbed(stream: stream, attempts: Self.termAttempts)
    }

    private static let termAttempts = 10
    /// A group that lives for the length of a transaction, because only a group makes an empty stream.
    private static let creatingGroup = "touchline-creates"

    /// False when the stream changed since it was watched.
    private func begin(
        with entry: StreamEntry, on stream: String, groups: [StreamGroup], alsoCreate: [String]
    ) throws(RedisError) -> Bool {
        try onWire { wire throws(RedisError) in
            let result = try wire.transaction { buffer in
                buffer.add(entry, to: stream, creating: true)
                for item in groups { buffer.createGroup(item.group, of: item.stream, at: .zero) }
                for name in alsoCreate {
                    buffer.createGroup(Self.creatingGroup, of: name, at: .zero)
                    buffer.command(["XGROUP", "DESTROY", .text(name), .text(Self.creatingGroup)])
                }
            }
            switch consume result {
            case .disturbed: return false
            case .aborted(let error): throw error
            case .executed(let reply):
                for index in 0..<reply.view.count {
                    guard let error = reply.view[index]?.refusal, error.refusal != .busyGroup else { continue }
                    throw error
                }
                return true
            }
        }
    }
}
