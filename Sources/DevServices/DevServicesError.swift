/// Why a private server or a child process could not be had. Every description is one sentence for the person at the
/// terminal.
package enum DevServicesError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A program is not installed; `package` is the Debian package that has it.
    case missingProgram(String, package: String)
    /// The operating system refused to start a program.
    case spawnFailed(String, reason: String)
    /// A program ended before it was ready; `log` is the end of what it wrote.
    case endedEarly(String, outcome: String, log: String)
    /// A server did not answer in time.
    case notReady(String, log: String)
    /// Another process uses the directory.
    case directoryInUse(String)
    /// The user that the servers run as cannot enter the directory.
    case directoryUnreachable(String, user: String)
    /// A Unix socket's path would be longer than the system permits.
    case pathTooLong(String, limit: Int)
    /// A file or directory could not be made, read or removed.
    case file(String, reason: String)
    /// A command of a running server failed.
    case commandFailed(String, output: String)

    package var description: String {
        switch self {
        case .missingProgram(let program, let package):
            "\(program) is not installed; on Debian or Ubuntu: apt-get install \(package)"
        case .spawnFailed(let program, let reason):
            "\(program) could not be started: \(reason)"
        case .endedEarly(let program, let outcome, let log):
            "\(program) ended before it was ready (\(outcome)): \(log)"
        case .notReady(let program, let log):
            "\(program) did not answer in time: \(log)"
        case .directoryInUse(let path):
            "\(path) is in use by another process"
        case .directoryUnreachable(let path, let user):
            "\(path) cannot be entered by user \(user), which the servers run as; choose a directory under /tmp"
        case .pathTooLong(let path, let limit):
            "\(path) is too long for Unix sockets (at most \(limit) bytes); choose a shorter directory"
        case .file(let path, let reason):
            "\(path): \(reason)"
        case .commandFailed(let command, let output):
            "\(command) failed: \(output)"
        }
    }
}
