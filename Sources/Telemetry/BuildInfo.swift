import FoundationEssentials

/// Which build this is: for `--version`, `/version` and the metric `touchline_build_info`.
package enum BuildInfo {
    package static let version = "0.1.0"

    /// The commit it was built from, if whoever deployed it said so in `TOUCHLINE_COMMIT`.
    package static let commit = ProcessInfo.processInfo.environment["TOUCHLINE_COMMIT"] ?? "unknown"

    /// What built it, on what and of which day, as `make dist` writes it in; `local` for who builds for himself.
    package static let build = ProcessInfo.processInfo.environment["TOUCHLINE_BUILD"] ?? "local"

    /// Whether the optimiser was on; figures of other builds mean nothing.
    package static let isOptimised: Bool = {
        var isOptimised = true
        // The operand of `assert` is evaluated in unoptimised builds only.
        assert(
            {
                isOptimised = false
                return true
            }())
        return isOptimised
    }()

    /// `0.1.0 (commit 1a2b3c4, build swift-6.3.1-x86_64-2026-03-07)`, for people.
    package static var description: String {
        "\(version) (commit \(commit), build \(build)\(isOptimised ? "" : ", not optimised"))"
    }

    /// The body of `/version`.
    package static var document: String {
        #"{"name":"touchline","version":"\#(version)","commit":"\#(commit)","build":"\#(build)","optimised":\#(isOptimised)}"#
    }
}
