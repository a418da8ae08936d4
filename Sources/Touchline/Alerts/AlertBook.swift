import FeedModel

/// Decides what is told to people, and when: trouble that lasts, once; that it is mended, once; what happened, with its
/// number; never more than one message per period.
struct AlertBook: Sendable {
    /// What of a trouble is known.
    private struct Known {
        var trouble: Trouble
        let since: Int64
        /// How bad people think that it is; nil if they do not know.
        var told: Trouble.Severity?
    }

    private var after: Int64
    private var every: Int64
    private var known: [String: Known] = [:]
    private var toldMishaps: [String: Int] = [:]
    private var nextPost: Int64 = .min

    /// - Parameters:
    ///   - after: how long a trouble lasts before it is told.
    ///   - every: between two messages, at least.
    init(after: Duration, every: Duration) {
        self.after = after.microseconds
        self.every = every.microseconds
    }

    /// From now on waits this long. What is known stays known.
    mutating func follow(after: Duration, every: Duration) {
        self.after = after.microseconds
        self.every = every.microseconds
    }

    /// What is wrong at the moment; nil: there is nothing to post yet.
    ///
    /// - Parameter now: microseconds since 1970.
    mutating func observe(_ troubles: [Trouble], _ mishaps: [Mishap], at now: Int64) -> AlertMessage? {
        note(troubles, at: now)
        guard now >= nextPost else { return nil }
        let current = Set(troubles.map(\.name))
        var message = AlertMessage()
        for (name, one) in known.sorted(by: { $0.key < $1.key }) {
            if !current.contains(name) {
                message.mended.append(.init(name: name, seconds: (now - one.since) / 1_000_000))
            } else if now - one.since >= after, one.told.map({ $0 < one.trouble.severity }) ?? true {
                message.problems.append(.init(trouble: one.trouble, since: one.since))
            }
        }
        message.mishaps = mishaps.compactMap { mishap in
            let count = mishap.count - (toldMishaps[mishap.name] ?? 0)
            return count > 0 ? Mishap(name: mishap.name, count: count) : nil
        }.sorted { $0.name < $1.name }
        guard !message.isEmpty else { return nil }
        nextPost = now + every
        return message
    }

    /// People have the message. Without this it is told again, as things are then.
    mutating func delivered(_ message: AlertMessage) {
        for problem in message.problems { known[problem.trouble.name]?.told = problem.trouble.severity }
        for mended in message.mended { known[mended.name] = nil }
        for mishap in message.mishaps { toldMishaps[mishap.name, default: 0] += mishap.count }
    }

    /// The other side asks for patience.
    mutating func wait(_ duration: Duration, from now: Int64) {
        nextPost = max(nextPost, now + duration.microseconds)
    }

    private mutating func note(_ troubles: [Trouble], at now: Int64) {
        let current = Set(troubles.map(\.name))
        // Nobody heard of what is gone by itself.
        known = known.filter { current.contains($0.key) || $0.value.told != nil }
        for trouble in troubles {
            known[trouble.name, default: Known(trouble: trouble, since: now)].trouble = trouble
        }
    }
}
