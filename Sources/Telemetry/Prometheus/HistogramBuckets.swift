/// Which buckets a histogram has: by the unit at the end of its name, so that whoever records need not say.
package struct HistogramBuckets: Sendable {
    /// From half a millisecond, which a fast hop takes, to a minute.
    package static let seconds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
    /// 256 bytes to 16 MiB.
    package static let bytes: [Double] = (0...8).map { Double(256 << (2 * $0)) }
    /// Batch sizes: 1 to 100,000.
    package static let counts: [Double] = [
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 100_000,
    ]
    /// Shares of a whole.
    package static let ratios: [Double] = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1]

    private let exceptions: [String: [Double]]

    /// - Parameter exceptions: upper bounds of single metrics, by name.
    package init(exceptions: [String: [Double]] = [:]) {
        self.exceptions = exceptions.mapValues { Array(Set($0.filter(\.isFinite))).sorted() }
    }

    func bounds(for name: String) -> [Double] {
        if let exception = exceptions[name] { return exception }
        if name.hasSuffix("_seconds") { return Self.seconds }
        if name.hasSuffix("_bytes") { return Self.bytes }
        if name.hasSuffix("_ratio") { return Self.ratios }
        return Self.counts
    }
}
