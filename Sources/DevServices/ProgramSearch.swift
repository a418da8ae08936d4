import FoundationEssentials
import Glibc

/// Where the programs are that we start.
enum ProgramSearch {
    /// The directories of `PATH`, then the system's own, which a bare environment may leave out.
    private static var searchPath: [String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").map(String.init) + [
            "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin",
        ]
    }

    /// The absolute path of `program`; a name with a slash is taken as it is.
    static func find(_ program: String, package: String) throws(DevServicesError) -> String {
        if program.contains("/") {
            guard isExecutable(program) else { throw .missingProgram(program, package: package) }
            return program
        }
        for directory in searchPath where isExecutable("\(directory)/\(program)") { return "\(directory)/\(program)" }
        throw .missingProgram(program, package: package)
    }

    /// The directory with the newest PostgreSQL server. Debian keeps it out of `PATH` and puts slow wrappers there instead.
    static func postgresDirectory() throws(DevServicesError) -> String {
        let root = "/usr/lib/postgresql"
        let versions = SystemFile.entries(of: root).compactMap { Int($0) }.sorted(by: >)
        let candidates = versions.map { "\(root)/\($0)/bin" } + searchPath.map { SystemFile.resolved($0) }
        for directory in candidates where hasServer(directory) { return directory }
        throw .missingProgram("postgres", package: "postgresql")
    }

    private static func hasServer(_ directory: String) -> Bool {
        isExecutable("\(directory)/postgres") && isExecutable("\(directory)/initdb")
    }

    private static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }
}
