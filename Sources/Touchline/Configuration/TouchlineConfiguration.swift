import FeedClient
import Foundation
import ObjectStore
import PostgresCopy
import RedisStreams
import Telemetry
import Writer

/// The whole configuration of a process, checked: what every command starts from.
struct TouchlineConfiguration: Sendable {
    var redisURL = "redis://127.0.0.1:6379/0"
    var prefix = "touchline"
    var postgresURL = "postgresql://touchline@127.0.0.1/touchline"
    var postgresConnections = 2
    var feeds: [FeedConfiguration] = []
    var linger = Duration.milliseconds(1)
    var spool: SpoolConfiguration? = SpoolConfiguration(directory: "/var/tmp/touchline-spool-\(getuid())")
    var batchRows = 5_000
    var batchBytes = 4 << 20
    var batchPeriod = Duration.milliseconds(50)
    var isRawAuditOn = false
    var letters = LetterPolicy()
    var partitions = PartitionPolicy()
    var objectStore = ObjectStoreConfiguration()
    var broadcaster = ListenAddress(host: "127.0.0.1", port: 8080)
    var subscribers = SubscriberSettings()
    var operations = ListenAddress(host: "127.0.0.1", port: 9464)
    /// Where alerts are posted; nil: nowhere.
    var webhook: WebhookConfiguration?
    /// Where spans are sent; nil: nothing is traced.
    var traces: TraceConfiguration?
    var log = LogSettings()
    /// What is no mistake by itself, but is seldom what was wanted.
    var warnings: [ConfigurationWarning] = []

    var redis: RedisEndpoint {
        get throws { try RedisEndpoint(url: redisURL) }
    }
}

/// `host:port` to listen on; port 0 takes a free one.
struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    var host: String
    var port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Nil unless `text` is `host:port` or `[v6]:port`.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        let host = text[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        guard !host.isEmpty else { return nil }
        self.init(host: host, port: port)
    }

    var isLoopback: Bool { host == "localhost" || host == "::1" || isIPv4Loopback }

    /// 127.0.0.0/8, written as four numbers: a name may begin with "127." as well.
    private var isIPv4Loopback: Bool {
        let octets = host.split(separator: ".", omittingEmptySubsequences: false)
        return octets.count == 4 && octets[0] == "127" && octets.allSatisfy { UInt8($0) != nil }
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension TouchlineConfiguration {
    /// Reads a file (nil: `touchline.yaml` if it is there, else only the environment) and checks everything.
    static func load(_ path: String?, environment: [String: String] = ProcessInfo.processInfo.environment) throws
        -> Self
    {
        let file = path ?? "touchline.yaml"
        guard FileManager.default.fileExists(atPath: file) else {
            guard path == nil else {
                throw ConfigurationError(file: file, problems: [.init(line: nil, message: "there is no such file")])
            }
            return try read(.empty, file: "environment", environment: environment)
        }
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw ConfigurationError(file: file, problems: [.init(line: nil, message: "cannot be read as UTF-8 text")])
        }
        return try read(ConfigurationNode(parsing: text, file: file), file: file, environment: environment)
    }

    static func read(_ root: ConfigurationNode, file: String, environment: [String: String]) throws -> Self {
        let problems = ConfigurationReader.Problems()
        let reader = ConfigurationReader(root: root, environment: environment, problems: problems)
        var configuration = TouchlineConfiguration()
        configuration.readServers(reader)
        configuration.objectStore = reader.section("object_store").objectStore(environment: environment)
        configuration.readWriter(reader)
        configuration.readListeners(reader, problems: problems)
        configuration.traces = readTraces(reader)
        configuration.readFeeds(reader, problems: problems)
        reader.rejectUnknownKeys()
        guard problems.all.isEmpty else { throw ConfigurationError(file: file, problems: problems.all) }
        configuration.warnings =
            configuration.hazards + warnings(environment, asked: problems.askedVariables)
        return configuration
    }

    /// A variable whose name begins like ours and that nobody reads has a mistake in its name.
    private static func warnings(
        _ environment: [String: String], asked: Set<String>
    ) -> [ConfigurationWarning] {
        let known = asked.union(["TOUCHLINE_BUILD", "TOUCHLINE_COMMIT"])
        return environment.keys.filter { $0.hasPrefix("TOUCHLINE_") && !known.contains($0) }.sorted().map {
            ConfigurationWarning(
                subject: "environment", problem: "\($0) is set, and nothing reads it",
                remedy: "variables are named after a key's path, such as TOUCHLINE_REDIS_URL")
        }
    }

    private mutating func readServers(_ reader: ConfigurationReader) {
        let redis = reader.section("redis")
        redisURL = redis.string("url") ?? redisURL
        prefix = redis.string("prefix") ?? prefix
        if PasswordEncoding.isMissing(in: redisURL) {
            redis.problem("url", PasswordEncoding.demand)
        } else if (try? RedisEndpoint(url: redisURL)) == nil {
            redis.reject("url", redisURL, "redis://[user:password@]host[:port][/db] or unix:///path")
        }
        redis.rejectUnknownKeys()
        let postgres = reader.section("postgres")
        postgresURL = postgres.string("url") ?? postgresURL
        if PasswordEncoding.isMissing(in: postgresURL) {
            postgres.problem("url", PasswordEncoding.demand)
        } else if (try? PostgresConnection.validate(url: postgresURL)) == nil {
            postgres.reject("url", postgresURL, "what libpq understands, such as postgresql://user@host:5432/database")
        }
        postgresConnections = postgres.integer("connections", in: 1...16, default: postgresConnections)
        postgres.rejectUnknownKeys()
        readLog(reader.section("log"))
    }

    private mutating func readWriter(_ reader: ConfigurationReader) {
        let feedClient = reader.section("feed_client")
        linger = feedClient.duration("linger", in: .zero...(.seconds(1)), default: linger)
        readSpool(feedClient.section("spool"))
        feedClient.rejectUnknownKeys()
        let writer = reader.section("writer")
        batchRows = writer.integer("batch_rows", in: 1...100_000, default: batchRows)
        batchBytes = writer.bytes("batch_bytes", in: 65_536...(256 << 20), default: batchBytes)
        batchPeriod = writer.duration("batch_period", in: .milliseconds(1)...(.seconds(5)), default: batchPeriod)
        isRawAuditOn = writer.flag("raw_audit", default: isRawAuditOn)
        partitions = writer.section("partitions").partitions(default: partitions, store: objectStore)
        writer.rejectUnknownKeys()
        let deadLetters = reader.section("dead_letters")
        letters.keep = deadLetters.duration(
            "keep", in: .seconds(3_600)...(.seconds(3_650 * 86_400)), default: letters.keep)
        letters.warnAbove = deadLetters.integer("warn_above", in: 1...1_000_000_000, default: letters.warnAbove)
        deadLetters.rejectUnknownKeys()
    }

    private mutating func readSpool(_ section: ConfigurationReader) {
        let isOn = section.flag("enabled", default: true)
        let directory = section.string("directory")
        let maximum = section.bytes("max_bytes", in: (1 << 20)...(1 << 50), default: spool?.maximumBytes ?? 1 << 30)
        if let name = section.string("policy") {
            if let policy = SpoolPolicy(rawValue: name) {
                spool?.policy = policy
            } else {
                section.reject("policy", name, "one of \(SpoolPolicy.allCases.map(\.rawValue).joined(separator: ", "))")
            }
        }
        section.rejectUnknownKeys()
        if let directory { spool?.directory = directory }
        spool?.maximumBytes = maximum
        if !isOn { spool = nil }
    }

    private mutating func readListeners(_ reader: ConfigurationReader, problems: ConfigurationReader.Problems) {
        readBroadcaster(reader.section("broadcaster"), problems: problems)
        let operationsSection = reader.section("operations")
        operations = operationsSection.address("listen", default: operations)
        webhook = Self.readWebhook(operationsSection)
        operationsSection.rejectUnknownKeys()
        if operations == broadcaster, operations.port != 0 {
            operationsSection.problem(
                "listen", "is \(operations), and so is 'broadcaster.listen': one of them needs another")
        }
    }
}

extension ConfigurationReader {
    func address(_ key: String, default standard: ListenAddress) -> ListenAddress {
        guard let text = string(key) else { return standard }
        guard let address = ListenAddress(text) else {
            reject(key, text, "host:port")
            return standard
        }
        return address
    }
}
