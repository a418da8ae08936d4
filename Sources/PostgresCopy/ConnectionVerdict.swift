import CLibPQ
import Glibc

/// Keywords and values as libpq takes them.
struct ConnectionParameters {
    private let pairs: [(keyword: String, value: String)]

    init(_ pairs: [(keyword: String, value: String)]) { self.pairs = pairs }

    /// Lends both lists, ended by nil, for the length of `body`.
    func with<T>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> T
    ) -> T {
        let keywords = pairs.map { UnsafePointer(strdup($0.keyword)) } + [nil]
        let values = pairs.map { UnsafePointer(strdup($0.value)) } + [nil]
        defer { for text in keywords + values { free(UnsafeMutablePointer(mutating: text)) } }
        return body(keywords, values)
    }
}

/// Why a server turned a connection away, where only a person can change that: a wrong password, a database that is not there.
///
/// libpq tells the SQLSTATE of such a refusal only in its verbose messages, which have to be asked for before the connection
/// is made: so a connection that failed is tried once more, to hear why.
enum ConnectionVerdict {
    private static let shownClasses = ["28", "3D"]

    /// Nil if the server did not answer, or says something that may pass.
    static func of(_ parameters: ConnectionParameters, within limit: Duration) -> ServerFailure? {
        guard let handle = parameters.with({ PQconnectStartParams($0, $1, 1) }) else { return nil }
        defer { PQfinish(handle) }
        PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        let deadline = Deadline(limit)
        var state = PGRES_POLLING_WRITING
        while state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING {
            let events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT
            var descriptor = pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0)
            guard descriptor.fd >= 0, poll(&descriptor, 1, deadline.pollMilliseconds) >= 0, !deadline.isOver else {
                return nil
            }
            state = PQconnectPoll(handle)
        }
        guard state == PGRES_POLLING_FAILED else { return nil }
        return verdict(in: PostgresLink.message(of: handle))
    }

    /// Reads `… failed: FATAL:  28P01: password authentication failed for user "x"`, followed by where in the server that was.
    static func verdict(in message: String) -> ServerFailure? {
        for line in message.split(separator: "\n") {
            guard let mark = line.firstRange(of: ":  ") else { continue }
            let code = line[mark.upperBound...].prefix(5)
            let rest = line[mark.upperBound...].dropFirst(5)
            guard code.count == 5, rest.hasPrefix(": "), shownClasses.contains(String(code.prefix(2))) else { continue }
            return ServerFailure(sqlState: String(code), message: String(rest.dropFirst(2)))
        }
        return nil
    }
}
