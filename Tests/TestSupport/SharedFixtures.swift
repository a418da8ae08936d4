import FoundationEssentials
package import Testing

/// The recordings of real feeds, which are too large to be part of the repository: the folder `shared/feeds` beside the
/// checkout, or the `feeds` folder of what the environment variable `TOUCHLINE_SHARED` names.
package enum SharedFixtures {
    /// The `feeds` folder, if there is one.
    package static let directory: String? = {
        if let given = ProcessInfo.processInfo.environment["TOUCHLINE_SHARED"] { return folder(under: given) }
        var parts = #filePath.split(separator: "/")
        while !parts.isEmpty {
            parts.removeLast()
            if let found = folder(under: "/" + (parts + ["shared"]).joined(separator: "/")) { return found }
        }
        return nil
    }()

    /// The absolute path of a recording, if it is there.
    package static func path(_ relativePath: String) -> String? {
        guard let directory else { return nil }
        let path = "\(directory)/\(relativePath)"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    private static func folder(under parent: String) -> String? {
        let path = "\(parent)/feeds"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips the test, visibly, on a machine without these recordings.
    package static func sharedFixtures(_ relativePaths: String...) -> Self {
        .enabled(
            if: relativePaths.allSatisfy { SharedFixtures.path($0) != nil },
            "needs \(relativePaths.joined(separator: ", ")) in ../shared/feeds or $TOUCHLINE_SHARED/feeds")
    }
}
