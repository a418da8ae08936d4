import FeedClient
import FeedModel
import Foundation
import Logging
import ObjectStore
import RedisStreams
import Writer

/// What `doctor` looks at.
enum Diagnosis {
    static func redis(_ configuration: TouchlineConfiguration) async -> [Finding] {
        do {
            let redis = RedisConnection(endpoint: try configuration.redis, name: "doctor")
            try await redis.connect()
            let facts = try await redis.serverFacts()
            await redis.close()
            var findings = [Finding("redis answers")]
            if let problem = facts.evictionProblem { findings.append(Finding("redis", problem: problem)) }
            if let warning = facts.durabilityWarning {
                findings.append(Finding("redis", problem: warning, isWarning: true))
            }
            if facts.memory.share > MemoryUse.nearlyFull {
                let share = Int(facts.memory.share * 100)
                findings.append(
                    Finding("redis", problem: "\(share) % of maxmemory is in use: raise it", isWarning: true))
            }
            return findings
        } catch {
            return [Finding("redis", problem: "\(error)")]
        }
    }

    static func postgres(_ configuration: TouchlineConfiguration) async -> Finding {
        do {
            try await MigratedDatabase.with(configuration.postgresURL, name: "doctor") { _ in }
            return Finding("postgres answers, its schema is current")
        } catch {
            return Finding("postgres", problem: "\(error)")
        }
    }

    static func spool(_ configuration: TouchlineConfiguration) -> Finding {
        guard let spool = configuration.spool else {
            return Finding(
                "spool", problem: "off: while Redis is away the sockets wait, and providers may hang up",
                isWarning: true)
        }
        if let problem = FolderProbe.problem(with: spool.directory) {
            return Finding("spool", problem: "\(problem): set feed_client.spool.directory")
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
        return Finding("archive", problem: "\(problem): make it, or set writer.partitions.archive")
    }

    private static func objects(_ location: ObjectLocation, _ store: ObjectStoreConfiguration) async -> Finding {
        do { try await ObjectStoreClient(store).check(location) } catch {
            return Finding("archive", problem: "\(error)")
        }
        guard let problem = FolderProbe.problem(with: store.staging) else {
            return Finding("archive \(location) answers")
        }
        return Finding("archive", problem: "\(problem): set object_store.staging")
    }

    static func feed(_ feed: FeedConfiguration) async -> Finding {
        if let recording = feed.recording, let problem = FolderProbe.problem(with: recording.directory) {
            return Finding("feed \(feed.name)", problem: "\(problem): set its record")
        }
        let problem = await FeedProbe.problem(with: feed, logger: Logger(label: "touchline.doctor"))
        return Finding(problem == nil ? "feed \(feed.name) accepts us" : "feed \(feed.name)", problem: problem)
    }
}
