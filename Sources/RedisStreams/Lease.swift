// SPDX-License-Identifier: Apache-2.0

/// Leases: keys that say who works on something, and vanish when their owner falls silent.
///
/// They save double work. Nothing is safe because of a lease, since its owner can be paused past the end of it.
extension RedisConnection {
    /// Takes the lease if it is free, or prolongs it if `owner` has it already. False: someone else has it.
    package func acquireLease(key: String, owner: String, for duration: Duration) throws(RedisError) -> Bool {
        let reply = try command(["SET", .text(key), .text(owner), "NX", "PX", .integer(duration.milliseconds)])
        if reply != .null { return true }
        return try renewLease(key: key, owner: owner, for: duration)
    }

    /// Prolongs the lease if `owner` still has it. False: it ran out, or someone else has it.
    package func renewLease(key: String, owner: String, for duration: Duration) throws(RedisError) -> Bool {
        let reply = try command([
            "EVAL", .text(LeaseScript.renew), "1", .text(key), .text(owner), .integer(duration.milliseconds),
        ])
        return reply.integer == 1
    }

    /// Gives the lease up if `owner` has it. False: it had not.
    @discardableResult
    package func releaseLease(key: String, owner: String) throws(RedisError) -> Bool {
        try command(["EVAL", .text(LeaseScript.release), "1", .text(key), .text(owner)]).integer == 1
    }

    /// Whether somebody has the lease, and whether it will ever end by itself.
    package func leaseAge(_ key: String) throws(RedisError) -> LeaseAge {
        switch try command(["PTTL", .text(key)]).integer {
        case -2: .free
        case -1: .endless
        default: .held
        }
    }

    /// Who has the lease; nil when it is free.
    package func leaseOwner(_ key: String) throws(RedisError) -> String? {
        try get(key).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// What is to be seen of a lease from outside.
package enum LeaseAge: Sendable, Equatable {
    case free
    case held
    /// Somebody has set the key by hand: it has no expiry.
    case endless
}

/// Compare and act in one step; without it a lease that ran out in between would be prolonged, or taken from another.
private enum LeaseScript {
    static let renew = """
        if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
        return 0
        """
    static let release = """
        if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
        return 0
        """
}
