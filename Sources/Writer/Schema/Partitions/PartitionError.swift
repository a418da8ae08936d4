package import FeedModel

/// Why partitions are not as they were asked for.
package enum PartitionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Rows of a time for which no partition is made: too old, or too far ahead.
    case outsideWindow(Timestamp)
    /// Tables of these names exist and are no partitions, or will soon be none: they were retired and kept, or are being retired.
    case detached([String])
    /// Others held locks during every attempt.
    case busy(String)
    /// There is no such partition.
    case unknown(String)
    /// Rows may still come for it until then.
    case young(String, until: Timestamp)
    /// Another process holds the lock of those who retire or index.
    case othersAreAtIt
    /// The file does not have the rows that the table has.
    case notArchived(String, written: Int64, expected: Int64)

    package var description: String {
        switch self {
        case .outsideWindow(let time): "no partition is made for rows of \(time)"
        case .detached(let names) where names.count == 1:
            "\(names[0]) exists but was detached: attach it again or drop it"
        case .detached(let names):
            "\(names.joined(separator: ", ")) exist but were detached: attach them again or drop them"
        case .busy(let name): "\(name) could not be locked: other sessions hold it too long"
        case .unknown(let name): "there is no partition \(name)"
        case .young(let name, let until):
            "\(name) still takes rows that come late: it can be retired from \(until) on"
        case .othersAreAtIt: "another process is retiring or indexing partitions: try again when it is done"
        case .notArchived(let path, let written, let expected):
            "\(path) has \(written) rows and the partition \(expected): it is not dropped"
        }
    }
}
