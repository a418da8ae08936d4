/// Why something could not be written out.
package enum ExportError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was to be done, to which file, and the operating system's words.
    case file(_ what: String, path: String, reason: String)
    /// Whoever read standard output has gone.
    case readerGone
    case compression(String)
    /// The file on disk is not what was written to it.
    case damaged(path: String)
    /// Another file has that name.
    case occupied(path: String)
    /// A file does not have the bytes that it had when its checksum was taken.
    case changed(path: String)
    /// Nothing says what a file's bytes should be.
    case unverifiable(path: String)

    package var description: String {
        switch self {
        case .file(let what, let path, let reason): "\(path) cannot be \(what): \(reason)"
        case .readerGone: "whoever read the output has gone"
        case .compression(let why): "the output cannot be compressed: \(why)"
        case .occupied(let path):
            "\(path) is another file already and is left alone: use another folder, or move it away"
        case .changed(let path):
            "\(path) does not have the bytes that its checksum says: it was changed, or the disk is not to be trusted"
        case .unverifiable(let path):
            "\(path) has no SHA-256 beside it (\(path)\(FileCopy.noteSuffix)): there is nothing to verify it by"
        case .damaged(let path): "\(path) does not read back as it was written: the disk is not to be trusted"
        }
    }
}
