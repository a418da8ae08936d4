import NIOCore

/// Hands each connection the faults that apply to it. Bound to the server's event loop.
final class FaultDirector {
    private let script: FaultScript
    private var connections = 0
    private var firstConnection: NIODeadline?
    /// Faults bound to a number, which fire once for all connections.
    private var firedSequences: Set<Int64> = []

    init(_ script: FaultScript) { self.script = script }

    /// A connection asks to be upgraded.
    func connectionRequested(at time: NIODeadline) -> ConnectionFaults {
        connections += 1
        let first = firstConnection ?? time
        firstConnection = first
        let faults = script.faults.filter { fault in
            switch fault.connections {
            case .all: true
            case .number(let number): connections == number
            case .from(let number): connections >= number
            case .upTo(let number): connections <= number
            case .within(let duration): time - first <= TimeAmount(duration)
            }
        }
        return ConnectionFaults(faults, director: self)
    }

    fileprivate func isFired(_ sequence: Int64) -> Bool { firedSequences.contains(sequence) }
    fileprivate func fire(_ sequence: Int64) { firedSequences.insert(sequence) }
}

/// One connection's faults that have not happened yet.
struct ConnectionFaults {
    private var pending: [Fault]
    private let director: FaultDirector

    fileprivate init(_ faults: [Fault], director: FaultDirector) {
        pending = faults
        self.director = director
    }

    /// The status that the upgrade is refused with, if it is.
    var refusal: (status: Int, retryAfter: Duration?)? {
        for fault in pending where fault.trigger == .opened {
            if case .refuse(let status, let retryAfter) = fault.action { return (status, retryAfter) }
        }
        return nil
    }

    /// What happens at this event, in the script's order.
    mutating func take(_ trigger: Fault.Trigger) -> [Fault.Action] { take(where: { $0 == trigger }) }

    var timed: [(after: Duration, action: Fault.Action)] {
        pending.compactMap { fault in
            if case .elapsed(let duration) = fault.trigger { (duration, fault.action) } else { nil }
        }
    }

    /// How many more messages may be sent before something happens; `next` is the number of the first of them.
    func messagesUntilNext(sent: Int, next: Int64) -> Int {
        var room = Int.max
        for fault in pending {
            switch fault.trigger {
            case .messages(let count): room = min(room, max(0, count - sent))
            case .sequence(let number) where number >= next && !director.isFired(number):
                room = min(room, Int(number - next))
            default: break
            }
        }
        return room
    }

    /// What happens before the message `next`, when `sent` messages have left.
    mutating func takeDue(sent: Int, next: Int64) -> [Fault.Action] {
        let director = director
        return take(where: { trigger in
            switch trigger {
            case .messages(let count): return count <= sent
            case .sequence(next) where !director.isFired(next):
                director.fire(next)
                return true
            default: return false
            }
        })
    }

    private mutating func take(where isDue: (Fault.Trigger) -> Bool) -> [Fault.Action] {
        var actions: [Fault.Action] = []
        pending.removeAll { fault in
            guard isDue(fault.trigger) else { return false }
            actions.append(fault.action)
            return true
        }
        return actions
    }
}
