import Synchronization

/// How often a lane may change for a subscriber, at most. Few classes, so that merged frames are shared.
package enum ConflationClass: Int, Sendable, CaseIterable {
    case none = 0
    case milliseconds50 = 50
    case milliseconds100 = 100
    case milliseconds250 = 250
    case milliseconds500 = 500
    case milliseconds1000 = 1000
    case milliseconds5000 = 5000

    /// The class that is no faster than what was asked for.
    package init(roundingUp milliseconds: Int) {
        self = Self.allCases.first { $0.rawValue >= milliseconds } ?? .milliseconds5000
    }

    package var interval: Duration { .milliseconds(rawValue) }
}

/// Which classes anybody uses, over all event loops: the reader wakes up for those only.
final class ConflationUse: Sendable {
    private let users = Mutex<[ConflationClass: Int]>([:])

    func attach(_ conflation: ConflationClass) {
        guard conflation != .none else { return }
        users.withLock { $0[conflation, default: 0] += 1 }
    }

    func detach(_ conflation: ConflationClass) {
        guard conflation != .none else { return }
        users.withLock { users in
            guard let count = users[conflation] else { return }
            users[conflation] = count > 1 ? count - 1 : nil
        }
    }

    /// The shortest class in use.
    var shortest: ConflationClass? { users.withLock { $0.keys.min { $0.rawValue < $1.rawValue } } }
}
