// SPDX-License-Identifier: Apache-2.0

/// What can go wrong between this process and Redis.
package enum RedisError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The URL of the configuration cannot be used; the text says why and does not repeat a password.
    case invalidURL(String)
    /// No connection came about.
    case connectionFailed(String)
    /// The connection is gone, or was never made. What was sent last may or may not have been carried out.
    case connectionLost(String)
    /// The server refused a command.
    case server(code: String, message: String)
    /// The server answered something this program does not understand.
    case unexpectedReply(String)
    /// Some entries of one transaction went in and some did not.
    case partlyAppended(accepted: Int, of: Int, message: String)
    /// A watched stream changed under every attempt.
    case disturbed(stream: String, attempts: Int)

    /// What a refusal means to a caller.
    package enum Refusal: Sendable, Equatable {
        case outOfMemory, idNotGrowing, noGroup, busyGroup, loading, readOnly, misconfigured, authentication
        case transactionAborted, permission, wrongType, other
    }

    /// The meaning of a server's refusal; nil when the server did not refuse anything.
    package var refusal: Refusal? {
        guard case .server(let code, let message) = self else { return nil }
        switch code {
        case "OOM": return .outOfMemory
        case "NOGROUP": return .noGroup
        case "BUSYGROUP": return .busyGroup
        case "LOADING": return .loading
        case "READONLY": return .readOnly
        case "MISCONF": return .misconfigured
        case "NOAUTH", "WRONGPASS": return .authentication
        case "NOPERM": return .permission
        case "WRONGTYPE": return .wrongType
        case "EXECABORT": return .transactionAborted
        case "ERR" where message.contains("equal or smaller"): return .idNotGrowing
        case "ERR" where message.contains("invalid password") || message.contains("AUTH"): return .authentication
        default: return .other
        }
    }

    /// Whether the same call can succeed later, after a reconnect or a pause, without anyone changing anything.
    package var isRetriable: Bool {
        switch self {
        case .connectionFailed, .connectionLost, .disturbed: return true
        case .invalidURL, .unexpectedReply, .partlyAppended: return false
        case .server(let code, _):
            switch refusal {
            case .outOfMemory, .loading, .readOnly, .misconfigured, .noGroup: return true
            default: return ["BUSY", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "NOREPLICAS"].contains(code)
            }
        }
    }

    package var description: String {
        switch self {
        case .invalidURL(let reason): "the Redis URL cannot be used: \(reason)"
        case .connectionFailed(let reason): "cannot connect to Redis: \(reason)"
        case .connectionLost(let reason): "the connection to Redis is lost: \(reason)"
        case .server(let code, let message): "Redis refused: \(code) \(message)"
        case .unexpectedReply(let what): "Redis answered something unexpected: \(what)"
        case .partlyAppended(let accepted, let count, let message):
            "Redis took \(accepted) of \(count) entries of one transaction: \(message)"
        case .disturbed(let stream, let attempts): "stream \(stream) changed under each of \(attempts) attempts"
        }
    }
}
