import FoundationEssentials

/// The package's executables, which `swift build --build-tests` leaves beside the test bundle.
package enum BuiltProgram {
    /// The absolute path of an executable product; nil when it was not built.
    package static func path(_ name: String) -> String? {
        guard let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return nil
        }
        let path = tests.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/\(name)"
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }
}
