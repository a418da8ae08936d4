import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// Every secret that a configuration can hold is `hush…` here; no output of any command may have one in it.
@Suite struct SecretsTests {
    /// A password that Redis and Postgres know, or one that they refuse.
    private static let password = "hush-password"

    private static func configuration(
        redis: RedisServer, postgres: String, book: String, folder: String, redisPassword: String = password
    ) -> String {
        """
        redis: { url: "redis://:\(redisPassword)@127.0.0.1:\(redis.port)/0" }
        postgres: { url: "\(postgres)" }
        log: { level: trace, format: json }
        operations:
          listen: "127.0.0.1:0"
          webhook:
            url: "http://127.0.0.1:1/services/hush-webhook"
            after: 0s
            every: 1s
            headers: { X-Key: hush-hook-header }
        traces: { endpoint: "http://127.0.0.1:1", sample: 1, headers: { X-Key: hush-trace-header } }
        broadcaster:
          listen: "127.0.0.1:0"
          auth: { token: hush-subscriber, jwt_secret: hush-hush-hush-hush-hush-hush-hush }
        feed_client: { spool: { directory: "\(folder)/spool" } }
        feeds:
          good: { provider: sportsbook, url: "\(book)", token: hush-token }
          wrong: { provider: sportsbook, url: "\(book)?token=hush-query", token: hush-wrong-token }
          proxied: { provider: sportsbook, url: "\(book)", proxy: "http://u:hush-proxy@127.0.0.1:1", token: hush-t }
          headed: { provider: sportsbook, url: "\(book)", headers: { X-Api-Key: hush-header } }
          login:
            provider: sportsbook
            url: "\(book)"
            login: { url: "http://127.0.0.1:1/?password=hush-m", body: "password=hush-body", token_field: t }
          exchange: { provider: betfair, url: "ws://127.0.0.1:1", app_key: hush-application, token: hush-session }
        """
    }

    @Test(.timeLimit(.minutes(2))) func noOutputHasASecretInIt() async throws {
        var options = RedisServer.Options()
        options.settings = ["requirepass \(Self.password)"]
        let redis = try await RedisServer.start(options: options)
        var settings = SportsbookConfiguration(.simulator(SimulatorConfiguration(seed: 1, rate: 100)))
        settings.token = "hush-token"
        let server = SportsbookServer(settings)
        let book = try await server.start()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("secrets"))
        defer { try? FileManager.default.removeItem(at: folder) }
        var outputs: [String] = []
        try await TestServers.withDatabase { url in
            let known = Self.withPassword(url)
            let stages = try StageProcesses(
                configuration: Self.configuration(redis: redis, postgres: known, book: book, folder: folder.path))
            let migration = try await stages.run(["migrate"])
            #expect(migration.code == 0, "\(migration.output)")
            outputs.append(migration.output)
            try await stages.start("run")
            try await PipelineDatabase(url).untilRows(reach: 50)
            for command in ["lint", "doctor", "status"] { outputs.append(try await stages.run([command]).output) }
            // The provider lets nobody in any more, Redis goes away, and a configuration with a mistake is read.
            await server.replaceToken("hush-other")
            try await stages.rewrite(
                configuration: Self.configuration(
                    redis: redis, postgres: "mysql://u:hush-sql@h/d", book: book, folder: folder.path))
            await stages.signal("run", SIGHUP)
            try await Task.sleep(for: .seconds(2))
            await redis.stop()
            try await Task.sleep(for: .seconds(3))
            // What refuses to start says why.
            try await stages.rewrite(
                configuration: Self.configuration(
                    redis: redis, postgres: known, book: book, folder: folder.path, redisPassword: "hush-mistaken"))
            for command in ["process", "write", "doctor", "status", "verify"] {
                outputs.append(try await stages.run([command]).output)
            }
            outputs.append(await stages.output(of: "run"))
            _ = await stages.stop()
            outputs.append(await stages.output(of: "run"))
            await stages.removeFiles()
        }
        await server.stop()
        for output in outputs { Self.expectNoSecret(in: output) }
        #expect(outputs.joined().utf8.count > 5_000, "nothing was said")
        let log = outputs.last ?? ""
        #expect(log.contains(#""sl-service":"FeedClientService""#), "services are printed with what is in them")
        for event in [
            "session ended", "redis is away", "the configuration is not taken", "the webhook cannot be reached",
            "the traces' collector cannot be reached",
        ] {
            #expect(log.contains(event), "\(event) did not happen")
        }
    }

    /// The server lets everybody in, so that a password changes nothing but what could be printed.
    private static func withPassword(_ url: String) -> String {
        url.contains("@")
            ? url.replacing("@", with: ":\(password)@", maxReplacements: 1) : url + "&password=\(password)"
    }

    private static func expectNoSecret(in output: String) {
        for line in output.split(separator: "\n") { #expect(!line.contains("hush"), "\(line.prefix(2_000))") }
    }
}
