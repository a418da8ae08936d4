import Glibc

/// A terminal without a person: a program is started on `path`, what it shows is read here, and keys are pressed here.
package final class PseudoTerminal: Sendable {
    /// Where the program's input and output go.
    package let path: String
    private let controller: Int32
    /// Kept open: without it the terminal is gone when the program ends, and its settings with it.
    private let device: Int32

    private struct NoTerminal: Error {}

    // The macros of these two requests are more than Swift can import.
    private static let unlock = UInt(0x4004_5431)
    private static let number = UInt(0x8004_5430)

    /// Throws where there are no such terminals.
    package init(columns: UInt16 = 80, rows: UInt16 = 24) throws {
        let controller = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        var (isLocked, number) = (Int32(0), Int32(0))
        guard controller >= 0, ioctl(controller, Self.unlock, &isLocked) == 0,
            ioctl(controller, Self.number, &number) == 0
        else { throw NoTerminal() }
        self.controller = controller
        path = "/dev/pts/\(number)"
        device = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        guard device >= 0, ioctl(device, UInt(TIOCSWINSZ), &size) == 0 else { throw NoTerminal() }
    }

    deinit {
        close(device)
        close(controller)
    }

    /// Whether keys are echoed and come line by line, as a shell expects it.
    package var isAsAShellExpects: Bool {
        var settings = termios()
        let needed = tcflag_t(ICANON | ECHO | ISIG)
        return tcgetattr(device, &settings) == 0 && settings.c_lflag & needed == needed
    }

    /// What the program reads, as if somebody typed it.
    package func press(_ keys: String) {
        let bytes = Array(keys.utf8)
        _ = write(controller, bytes, bytes.count)
    }

    /// What was shown since the last call.
    package func shown() -> String {
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4_096)
        while case let count = read(controller, &part, part.count), count > 0 { all += part[..<count] }
        return String(decoding: all, as: UTF8.self)
    }
}
