import ArgumentParser
import DevServices
import FeedClient
import FeedModel
import Foundation
import Logging
import Sportsbook
import Telemetry

/// Everything at once on this machine: servers, sportsbook, all stages, the board.
struct DemoCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run the whole pipeline with its own Redis, Postgres and sportsbook; ctrl-C stops it.",
        discussion: "Example: touchline demo --rate 500")

    @Option(help: "Where the board and the subscriber port listen; 0 takes a free one.") var port = PortNumber(8080)
    @Option(help: "Where metrics and health listen; 0 takes a free one.") var operationsPort = PortNumber(9464)
    @Option(help: "Messages a second; 0 is as fast as they are taken.") var rate = MessageRate(200)
    @Option(help: "Everything random follows from this number.") var seed: UInt64 = 1
    @Option(help: "Log level.") var logLevel = LogLevelName.warning

    func execute() async throws {
        StandardOutput.line("Starting Redis, Postgres and a sportsbook of our own …")
        let logger = Logger(label: "touchline.demo")
        let servers = try await PrivateServers.start(logger: logger)
        do {
            try await run(servers, logger: logger)
        } catch {
            await servers.stop()
            throw error
        }
        await servers.stop()
        StandardOutput.line("Stopped. Nothing is left behind.")
    }

    private func run(_ servers: PrivateServers, logger: Logger) async throws {
        let token = "demo-\(UInt64.random(in: 0 ... .max))"
        var sportsbook = SportsbookConfiguration(.simulator(SimulatorConfiguration(seed: seed, rate: rate.perSecond)))
        sportsbook.token = token
        let book = SportsbookServer(sportsbook, logger: logger)
        let url = try await book.start()
        guard let name = FeedName("book-a") else { return }
        var configuration = TouchlineConfiguration()
        configuration.redisURL = servers.redis.url
        configuration.postgresURL = servers.postgresURL
        configuration.isRawAuditOn = true
        configuration.spool = nil
        configuration.log.level = Logger.Level(rawValue: logLevel.rawValue) ?? .warning
        configuration.log.format = .text
        configuration.broadcaster = ListenAddress(host: "127.0.0.1", port: try free(port, "--port"))
        configuration.operations = ListenAddress(host: "127.0.0.1", port: try free(operationsPort, "--operations-port"))
        configuration.feeds = [FeedConfiguration(name: name, provider: "sportsbook", url: url, token: token)]
        let text = Self.addresses(configuration, sportsbook: url)
        defer { StandardOutput.line("Stopping …") }
        do {
            try await Application(configuration: configuration, stages: Stage.allCases) { StandardOutput.line(text) }
                .run()
        } catch {
            await book.stop()
            throw error
        }
        await book.stop()
    }

    private func free(_ choice: PortNumber, _ option: String) throws -> Int {
        guard let port = PortChoice.choose(choice.number) else {
            throw CommandFailure(
                description: "port \(choice.number) is taken: choose another with \(option) (0 takes a free one)")
        }
        return port
    }

    private static func addresses(_ configuration: TouchlineConfiguration, sportsbook: String) -> String {
        """

          board         http://\(configuration.broadcaster)/
          subscribe     ws://\(configuration.broadcaster)/v1/ws
          odds          http://\(configuration.broadcaster)/v1/odds
          metrics       http://\(configuration.operations)/metrics
          health        http://\(configuration.operations)/health/ready
          postgres      psql '\(configuration.postgresURL)' -c 'select count(*) from odds_changes'
          redis         redis-cli -u \(configuration.redisURL)
          sportsbook    \(sportsbook)

        ctrl-C stops all of it.
        """
    }
}
