import ExportFiles
import ObjectStore
import Writer

extension ConfigurationReader {
    /// `writer.partitions`: how history is cut, and when its parts are retired.
    func partitions(default standard: PartitionPolicy, store: ObjectStoreConfiguration) -> PartitionPolicy {
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
        policy.archive = archive(in: store) ?? policy.archive
        if policy.archive != nil, policy.keepsEverything {
            problem("archive", "has nothing to do without 'keep' or 'keep_raw': set one, or leave it out")
        }
        rejectUnknownKeys()
        return policy
    }

    private func archive(in store: ObjectStoreConfiguration) -> ArchiveTarget? {
        guard let text = string("archive") else { return nil }
        guard ObjectLocation.isURL(text) else {
            let path = FolderURL.path(text) ?? text
            if !path.hasPrefix("/") {
                reject("archive", text, "a folder's absolute path, file:///path or s3://bucket/prefix")
            }
            return .folder(path)
        }
        do {
            let location = try ObjectLocation(url: text)
            if store.credentials == nil { problem("archive", "has \(ObjectStoreConfiguration.noCredentials)") }
            return .objects(location, store)
        } catch {
            problem("archive", "cannot be used: \(error)")
            return nil
        }
    }

    /// Shorter than a late row's week would retire what is still being written to.
    private func retention(_ key: String) -> Duration? {
        guard string(key) != nil else { return nil }
        let day = Duration.seconds(86_400)
        return duration(key, in: day * 8...day * 36_500, default: day * 36_500)
    }
}
