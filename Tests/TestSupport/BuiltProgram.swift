import Foundation

/// The package's executables, which `swift build --build-tests` leaves beside the test bundle.
package enum BuiltProgram {
    /// The absolute path of an executable product; nil when it was not built. `TOUCHLINE_PROGRAM` may name another build of
    /// `touchline`.
    package static func path(_ name: String) -> String? {
        if name == "touchline", let path = ProcessInfo.processInfo.environment["TOUCHLINE_PROGRAM"] { return path }
        guard let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return nil
        }
        let path = tests.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/\(name)"
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }
}
