import AccessTokens
import ArgumentParser
import Broadcaster
import Foundation

/// Signs a token as an identity provider would.
struct TokenMintCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "mint", abstract: "Print a token signed with the configuration's jwt_secret, or with a key file.",
        discussion: """
            Example: touchline token mint --subject partner-a --feeds book-a --sports football --ttl 8h
            Example: touchline token mint --key private.jwk --audience odds
            """)

    @OptionGroup var options: ConfigurationOptions
    @Option(help: "Signs with this private JSON Web Key ('touchline token key' makes one) instead of the jwt_secret.")
    var key: String?
    @Option(help: "Who it is for (sub): connections are counted by it.") var subject = "development"
    @Option(help: "How long it holds: 30s, 15m, 8h, 30d.") var ttl = TokenLifetime(seconds: 3_600)
    @Option(help: "For whom (aud); default: the configuration's audience.") var audience: String?
    @Option(help: "The only feeds to be seen, separated by commas.") var feeds: String?
    @Option(help: "The only sports to be seen, separated by commas.") var sports: String?
    @Option(help: "Prices change no more often than this, in milliseconds.") var minConflateMs: Int?
    @Option(help: "How many connections may be open at once.") var maxConns: Int?
    @Flag(help: "May see the pipeline's health (/ops).") var ops = false

    func execute() async throws {
        let configured =
            key == nil || options.config != nil ? try options.load().subscribers.authentication.tokens : nil
        let now = Date().timeIntervalSince1970
        var claims = TokenClaims(subject: subject, expiresAt: (now + ttl.seconds).rounded())
        claims.audiences = (audience ?? configured?.audience).map { [$0] } ?? []
        claims.feeds = feeds.map(Self.list)
        claims.sports = sports.map(Self.list)
        claims.minimumConflateMilliseconds = minConflateMs
        claims.maximumConnections = maxConns
        claims.mayOperate = ops
        StandardOutput.line(try await signingKey(configured).sign(claims, issuedAt: now.rounded()))
    }

    private func signingKey(_ configured: TokenConfiguration?) throws -> SigningKey {
        if let key {
            do throws(TokenError) { return try SigningKey(readingFile: key) } catch {
                throw CommandFailure(description: error.description)
            }
        }
        guard let secret = configured?.secret else {
            throw CommandFailure(
                description: "there is nothing to sign with: set 'broadcaster.auth.jwt_secret', or give --key",
                exitCode: ExitCode(2))
        }
        return SigningKey(secret: secret)
    }

    private static func list(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }
}

/// A duration on a command line.
struct TokenLifetime: ExpressibleByArgument {
    let seconds: Double

    init(seconds: Double) { self.seconds = seconds }

    init?(argument: String) {
        let units: [(Character, Int)] = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)]
        guard let unit = units.first(where: { $0.0 == argument.last }), let count = Int(argument.dropLast()), count > 0,
            count <= 36_500
        else { return nil }
        seconds = Double(count * unit.1)
    }

    var defaultValueDescription: String { "\(Int(seconds / 60))m" }
}
