import ArgumentParser
import Logging
import ServiceLifecycle
import Sportsbook
import Telemetry
import UnixSignals

/// The sportsbook API with its simulator, for development and load.
struct SportsbookCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "sportsbook", abstract: "Serve the sportsbook API with a simulated world, or with load.",
        discussion: """
            Example: touchline sportsbook --listen 127.0.0.1:9000 --rate 500 --seed 7
            Example: touchline sportsbook --load 1000000 --rate 0
            """)

    @Option(help: "Where to listen.") var listen = "127.0.0.1:9000"
    @Option(help: "Messages a second; 0 is as fast as the socket takes them.") var rate = MessageRate(200)
    @Option(help: "Everything random follows from this number.") var seed: UInt64 = 1
    @Option(help: "Fixtures on offer at any time.") var fixtures = 60
    @Option(help: "How much faster than real matches are played.") var speed = 10.0
    @Option(help: "The bearer token clients must send.") var token: String?
    @Option(help: "Send this many numbered odds messages of 300 bytes instead of a simulated world.") var load: Int64?

    func execute() async throws {
        guard let address = ListenAddress(listen) else {
            throw CommandFailure(description: "'--listen \(listen)' must be host:port", exitCode: ExitCode(2))
        }
        StructuredLogHandler.bootstrap(LogSettings())
        let content: SportsbookConfiguration.Content =
            if let load { .load(LoadConfiguration(total: load, rate: rate.perSecond)) } else {
                .simulator(SimulatorConfiguration(seed: seed, fixtures: fixtures, rate: rate.perSecond, speed: speed))
            }
        var configuration = SportsbookConfiguration(content)
        (configuration.host, configuration.port, configuration.token) = (address.host, address.port, token)
        let logger = Logger(label: "touchline.sportsbook")
        let group = ServiceGroup(
            services: [SportsbookServer(configuration, logger: logger)], gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger)
        do { try await group.run() } catch let error as SportsbookError {
            throw CommandFailure(description: "\(error)", exitCode: ExitCode(2))
        } catch {
            throw CommandFailure(description: "the sportsbook cannot serve on \(address): \(error)")
        }
    }
}
