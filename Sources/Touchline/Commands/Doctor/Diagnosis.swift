import FeedClient
import FeedModel
import Foundation
import Logging
import ObjectStore
import Writer

/// What `doctor` looks at.
enum Diagnosis {
    static func spool(_ configuration: TouchlineConfiguration) -> Finding {
        guard let spool = configuration.spool else {
            return Finding(
                "spool", problem: "off, so that while Redis is away the sockets wait and providers may hang up",
                remedy: "leave feed_client.spool.enabled out", isWarning: true)
        }
        if let problem = FolderProbe.problem(with: spool.directory) {
            return Finding("spool", problem: problem, remedy: "set feed_client.spool.directory")
        }
        return Finding("spool \(spool.directory) can be written")
    }

    /// Nil without an archive.
    static func archive(_ configuration: TouchlineConfiguration) async -> Finding? {
        switch configuration.partitions.archive {
        case nil: nil
        case .folder(let path): folder(path)
        case .objects(let location, let store): await objects(location, store)
        }
    }

    /// Nobody makes it: it may be a disk that is not there.
    private static func folder(_ path: String) -> Finding {
        let isThere = FileManager.default.fileExists(atPath: path)
        guard let problem = isThere ? FolderProbe.problem(with: path) : "\(path) is not there" else {
            return Finding("archive \(path) can be written")
        }
        return Finding("archive", problem: problem, remedy: "make it, or set writer.partitions.archive")
    }

    private static func objects(_ location: ObjectLocation, _ store: ObjectStoreConfiguration) async -> Finding {
        do { try await ObjectStoreClient(store).check(location) } catch {
            return Finding("archive", problem: "\(error)", remedy: "see writer.partitions.archive and object_store")
        }
        guard let problem = FolderProbe.problem(with: store.staging) else {
            return Finding("archive \(location) answers")
        }
        return Finding("archive", problem: problem, remedy: "set object_store.staging")
    }

    static func feed(_ feed: FeedConfiguration) async -> Finding {
        if let recording = feed.recording, let problem = FolderProbe.problem(with: recording.directory) {
            return Finding("feed \(feed.name)", problem: problem, remedy: "set its record")
        }
        let problem = await FeedProbe.problem(with: feed, logger: Logger(label: "touchline.doctor"))
        guard let problem else { return Finding("feed \(feed.name) accepts us") }
        return Finding("feed \(feed.name)", problem: problem, remedy: FeedRemedy.of(problem))
    }
}

/// What to do about a feed that cannot be connected to.
enum FeedRemedy {
    /// By words of the problem; the first that are in it decide.
    private static let remedies = [
        (["token file"], "have the file written, or set token_file"),
        (["login"], "set its login: url, body and token_field"),
        (["status 401", "status 403"], "renew its credentials: token, token_file, login or headers"),
        (["status 429"], "the provider wants fewer connections; wait, and look for others with the same credentials"),
        (["certificate", "TLS"], "see that url's scheme is the provider's, and set its tls"),
        (["proxy"], "set its proxy"),
        (["status 404", "upgrade"], "set its url: another server, or another path"),
    ]

    static func of(_ problem: String) -> String {
        remedies.first { words, _ in words.contains { problem.contains($0) } }?.1
            ?? "set its url, and see that this machine may reach it"
    }
}
