import Writer

extension ConfigurationReader {
    /// `writer.partitions`: how history is cut, and when its parts are retired.
    func partitions(default standard: PartitionPolicy) -> PartitionPolicy {
        var policy = standard
        if let text = string("unit") {
            if let unit = PartitionUnit(rawValue: text) {
                policy.unit = unit
            } else {
                reject("unit", text, "one of \(PartitionUnit.allCases.map(\.rawValue).joined(separator: ", "))")
            }
        }
        policy.ahead = integer("ahead", in: 1...168, default: policy.ahead)
        policy.keep = retention("keep") ?? policy.keep
        policy.keepRaw = retention("keep_raw") ?? policy.keepRaw
        policy.archive = string("archive") ?? policy.archive
        if let archive = policy.archive, !archive.hasPrefix("/") {
            reject("archive", archive, "a folder's absolute path")
        }
        if policy.archive != nil, policy.keepsEverything {
            problem("archive", "has nothing to do without 'keep' or 'keep_raw': set one, or leave it out")
        }
        rejectUnknownKeys()
        return policy
    }

    /// Shorter than a late row's week would retire what is still being written to.
    private func retention(_ key: String) -> Duration? {
        guard string(key) != nil else { return nil }
        let day = Duration.seconds(86_400)
        return duration(key, in: day * 8...day * 36_500, default: day * 36_500)
    }
}
