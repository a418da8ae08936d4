import AccessTokens
import Broadcaster
import FeedClient
import FeedModel
import Telemetry
import WebSocketTransport
import Writer

/// What a configuration that is read again changes: what the running process takes, and what only its next start does.
/// Names of settings only, because values may be secrets.
struct ConfigurationDifference: Sendable, Equatable {
    /// In the order of the file's sections.
    let taken: [String]
    let needsRestart: [String]
    /// Whether the subscribers' API keys are among what is taken.
    let isTakingKeys: Bool

    /// - Parameters:
    ///   - inForce: the start's, with what was taken since.
    ///   - start: what the process was started with, which holds for all that needs a restart.
    ///   - stages: what the process runs. Settings of other stages are none of its business.
    init(
        from inForce: TouchlineConfiguration, to new: TouchlineConfiguration, start: TouchlineConfiguration,
        stages: Set<Stage>
    ) {
        var (taken, needsRestart): ([String], [String]) = ([], [])
        for setting in Setting.all where !setting.stages.isDisjoint(with: stages) {
            switch setting.effect {
            case .taken where !setting.isSame(inForce, new): taken.append(setting.name)
            case .restart where !setting.isSame(start, new): needsRestart.append(setting.name)
            default: break
            }
        }
        // Who was open to all cannot begin to ask for keys under those who are connected, nor the other way round.
        isTakingKeys = [start, new].allSatisfy(\.subscribers.authentication.isRequired)
        if !isTakingKeys {
            needsRestart += taken.filter(Setting.keys.contains)
            taken.removeAll(where: Setting.keys.contains)
        }
        self.taken = taken
        self.needsRestart = needsRestart
    }

    /// Notes what is in force now.
    func take(_ new: TouchlineConfiguration, into inForce: inout TouchlineConfiguration) {
        inForce.feeds = new.feeds
        inForce.log = new.log
        inForce.webhook = new.webhook
        if isTakingKeys { inForce.subscribers.authentication.keys = new.subscribers.authentication.keys }
    }
}

/// A setting, or a few that belong together, under the name that the file has for it.
struct Setting: Sendable {
    /// When a changed value counts.
    enum Effect: Sendable {
        case taken, restart
    }

    let name: String
    let effect: Effect
    /// Who uses it.
    let stages: Set<Stage>
    let isSame: @Sendable (TouchlineConfiguration, TouchlineConfiguration) -> Bool

    private init<Value: Equatable & Sendable>(
        _ name: String, _ effect: Effect = .restart, for stages: Set<Stage> = Set(Stage.allCases),
        _ value: @escaping @Sendable (TouchlineConfiguration) -> Value
    ) {
        self.name = name
        self.effect = effect
        self.stages = stages
        isSame = { value($0) == value($1) }
    }

    /// What subscribers present, by name.
    static let keys = ["broadcaster.auth.token", "broadcaster.auth.api_keys"]

    /// Every setting of the file.
    static let all: [Setting] = servers + feedClient + writer + broadcaster + process

    private static let servers = [
        Setting("redis.url") { $0.redisURL },
        Setting("redis.prefix") { $0.prefix },
        Setting("postgres.url", for: [.write]) { $0.postgresURL },
        Setting("postgres.connections", for: [.write]) { $0.postgresConnections },
    ]

    private static let feedClient = [
        Setting("feeds", .taken) { $0.feeds },
        Setting("feed_client.linger", for: [.feed]) { $0.linger },
        Setting("feed_client.spool", for: [.feed]) { $0.spool },
    ]

    private static let writer = [
        Setting("writer.batch_rows", for: [.write]) { $0.batchRows },
        Setting("writer.batch_bytes", for: [.write]) { $0.batchBytes },
        Setting("writer.batch_period", for: [.write]) { $0.batchPeriod },
        Setting("writer.raw_audit", for: [.feed, .write]) { $0.isRawAuditOn },
        Setting("writer.partitions", for: [.write]) { $0.partitions },
        Setting("object_store", for: [.write]) { $0.partitions.archive == nil ? nil : $0.objectStore },
        Setting("dead_letters", for: [.write]) { $0.letters },
    ]

    private static let broadcaster = [
        Setting("broadcaster.listen", for: [.broadcast]) { $0.broadcaster },
        Setting(keys[0], .taken, for: [.broadcast]) {
            $0.subscribers.authentication.keys.filter { $0.value.name == "token" }
        },
        Setting(keys[1], .taken, for: [.broadcast]) {
            $0.subscribers.authentication.keys.filter { $0.value.name != "token" }
        },
        Setting("broadcaster.auth.jwt_secret", for: [.broadcast]) { $0.subscribers.authentication.tokens?.secret },
        Setting("broadcaster.auth.jwks_file", for: [.broadcast]) { $0.subscribers.authentication.tokens?.keySetFile },
        Setting("broadcaster.auth.audience", for: [.broadcast]) { $0.subscribers.authentication.tokens?.audience },
        Setting("broadcaster.tls", for: [.broadcast]) {
            [$0.subscribers.tls?.certificateFile, $0.subscribers.tls?.privateKeyFile]
        },
        Setting("broadcaster.allowed_origins", for: [.broadcast]) { $0.subscribers.allowedOrigins },
        Setting("broadcaster.compress", for: [.broadcast]) { $0.subscribers.acceptsCompression },
        Setting("broadcaster.event_loops", for: [.broadcast]) { $0.subscribers.eventLoops },
        Setting("broadcaster.limits", for: [.broadcast]) { $0.subscribers.limits },
        Setting("broadcaster's feeds", for: [.broadcast]) { Set($0.feeds.map(\.name)) },
    ]

    private static let process = [
        Setting("operations.listen") { $0.operations },
        Setting("operations.webhook", .taken) { $0.webhook },
        Setting("log", .taken) { $0.log },
    ]
}
