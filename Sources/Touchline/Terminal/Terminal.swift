import Glibc

/// The terminal that standard output is, if it is one.
enum Terminal {
    /// Of the terminal; 80 by 24, the least there is, if it does not say or is none.
    static var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    static var columns: Int { size.columns }
}

/// A terminal taken over: a second screen without a cursor, keys as they are pressed. `leave` gives it back as it was.
struct TerminalScreen {
    /// Nil when standard input is no terminal: there are no keys then.
    private let settings: termios?

    private static let begin = "\u{1B}[?1049h\u{1B}[?25l"
    private static let end = "\u{1B}[?25h\u{1B}[?1049l"

    /// ctrl-C and ctrl-Z arrive as keys: a stopped program would leave the terminal in this state.
    static func enter() throws(OutputPipe.ReaderGone) -> TerminalScreen {
        var settings = termios()
        let hasKeys = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &settings) == 0
        if hasKeys {
            var raw = settings
            raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
            tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        }
        try OutputPipe.write(begin)
        return TerminalScreen(settings: hasKeys ? settings : nil)
    }

    func leave() {
        // Nobody is there to be told that the terminal has gone.
        try? OutputPipe.write(Self.end)
        if var settings { tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings) }
    }

    /// Replaces what is shown, without a flicker: line by line, each cleared behind its end.
    func draw(_ lines: [String], rows: Int) throws(OutputPipe.ReaderGone) {
        let shown = lines.prefix(rows).joined(separator: "\u{1B}[K\r\n")
        try OutputPipe.write("\u{1B}[H\(shown)\u{1B}[K\u{1B}[J")
    }

    private static let controlC: UInt8 = 3
    private static let controlD: UInt8 = 4
    private static let quitting: Set<UInt8> = [controlC, controlD, UInt8(ascii: "q"), UInt8(ascii: "Q")]

    /// Returns when `q` or ctrl-C was pressed, or nobody can press anything any more.
    func waitForQuit() async throws {
        while true {
            if settings != nil, !Self.quitting.isDisjoint(with: Self.pressed()) { return }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// The keys pressed since the last call; ctrl-D for a terminal that has gone.
    private static func pressed() -> [UInt8] {
        var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, 0) > 0 else { return [] }
        var keys = [UInt8](repeating: 0, count: 64)
        let count = read(STDIN_FILENO, &keys, keys.count)
        return count > 0 ? Array(keys[..<count]) : [controlD]
    }
}
