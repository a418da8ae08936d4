import Glibc

/// Standard output of a command that goes on until its reader has enough: `touchline tap book | head`.
enum OutputPipe {
    /// Whoever read our output has gone. That is an end, and no failure.
    struct ReaderGone: Error {}

    /// From now on a reader that goes away is an error of the write instead of a signal that kills.
    static func takeErrors() { signal(SIGPIPE, SIG_IGN) }

    static func write(_ text: String) throws(ReaderGone) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if errno != EINTR {
                throw ReaderGone()
            }
        }
    }

    /// Throws when there is nobody left to write to: nothing else would notice while nothing is written.
    static func check() throws(ReaderGone) {
        var descriptor = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        guard poll(&descriptor, 1, 0) > 0 else { return }
        if descriptor.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0 { throw ReaderGone() }
    }
}
