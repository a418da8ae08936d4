import FoundationEssentials
import Glibc

/// What to start, and how it relates to us.
package struct ProcessLaunch: Sendable {
    /// Where a child's output goes.
    package enum Output: Sendable {
        case discard
        case inherit
        /// Appended to a file.
        case file(String)
        /// Kept in an unnamed file; read it with `ChildProcess.capturedOutput`.
        case capture
    }

    /// A path, or a name to be found in `PATH`.
    package var program: String
    package var arguments: [String]
    /// Nil: ours.
    package var environment: [String: String]?
    /// The working directory; nil: ours.
    package var directory: String?
    /// A file for standard input; nil: nothing to read.
    package var input: String?
    package var output: Output = .discard
    /// Nil: together with the output.
    package var errors: Output?
    /// The user to become; only root may ask for another.
    package var user: ServiceUser?
    /// The signal that the kernel sends the child when we die, however we die; nil: it lives on.
    package var deathSignal: Int32? = SIGKILL
    /// In a session of its own the child does not see the terminal's ctrl-C.
    package var hasOwnSession = true

    package init(_ program: String, _ arguments: [String] = []) {
        self.program = program
        self.arguments = arguments
    }

    /// The words to execute: `env` and `setpriv` do before the program what needs doing between fork and exec, and then
    /// become it, so that the pid we hold is the program's own.
    func words() throws(DevServicesError) -> [String] {
        var words: [String] = []
        if let directory { words = [try ProgramSearch.find("env", package: "coreutils"), "-C", directory] }
        if user != nil || deathSignal != nil {
            words.append(try ProgramSearch.find("setpriv", package: "util-linux"))
            if let deathSignal { words += ["--pdeathsig", Self.signalNames[deathSignal] ?? "KILL"] }
            if let user { words += ["--reuid", user.name, "--regid", String(user.group), "--init-groups"] }
            words.append("--")
        }
        words.append(try ProgramSearch.find(program, package: program))
        return words + arguments
    }

    /// setpriv takes names only.
    private static let signalNames = [SIGHUP: "HUP", SIGINT: "INT", SIGQUIT: "QUIT", SIGTERM: "TERM"]

    var environmentWords: [String] {
        (environment ?? ProcessInfo.processInfo.environment).map { "\($0.key)=\($0.value)" }
    }
}
