import FeedModel
import Logging
import NIOPosix
import RedisStreams
import Synchronization
import TestSupport
import Testing
import WebSocketTransport

@testable import FeedClient

/// A provider with a login in front of it, over real sockets.
@Suite struct FeedLoginTests {
    /// What the server was asked, and what it answers.
    private final class Provider: Sendable {
        struct State {
            var logins: [HTTPRequest] = []
            /// `Authorization` of each handshake.
            var handshakes: [String] = []
            var accepted: Set<String> = []
        }

        let state = Mutex(State())
        let answer: @Sendable (_ login: Int) -> HTTPResponse

        init(_ answer: @escaping @Sendable (_ login: Int) -> HTTPResponse) { self.answer = answer }

        var routes: HTTPRoutes {
            HTTPRoutes(
                respond: { request in
                    self.answer(
                        self.state.withLock { state in
                            state.logins.append(request)
                            return state.logins.count
                        })
                },
                upgrade: { request in
                    let token = request.headers["authorization"] ?? ""
                    let isRefused = self.state.withLock { state in
                        state.handshakes.append(token)
                        return !state.accepted.isEmpty && !state.accepted.contains(token)
                    }
                    return isRefused
                        ? .reject(HTTPResponse(status: 401, text: "expired")) : .accept(delegate: { _ in SilentPeer() })
                })
        }
    }

    private func with(
        _ provider: Provider, body: String? = nil, headers: [HTTPHeader] = [],
        field: String = "data.token", _ use: (FeedDial) async throws -> Void
    ) async throws {
        let server = HTTPServer(configuration: HTTPServerConfiguration(), routes: provider.routes)
        let address = try await server.start()
        var feed = FeedConfiguration(
            name: try #require(FeedName("f")), provider: "sportsbook", url: "ws://\(address)/feed")
        feed.login = FeedLogin(url: "http://\(address)/login?v=1", body: body, headers: headers, tokenField: field)
        let dial = FeedDial(
            feed: feed, group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
        do {
            try await use(dial)
            await server.stop(grace: .zero)
        } catch {
            await server.stop(grace: .zero)
            throw error
        }
    }

    /// How the next session ends, which must not begin.
    private func end(_ dial: FeedDial) async -> SessionEnd? {
        do {
            let connection = try await dial.connect().connection
            await connection.close(code: .normal, reason: "")
            return nil
        } catch {
            return SessionEnd(notOpened: error)
        }
    }

    @Test func everyConnectAsksForAToken() async throws {
        let provider = Provider { .json(#"{"data":{"token":"t\#($0)"}}"#) }
        try await with(provider, body: #"{"user":"u"}"#, headers: [HTTPHeader(name: "X-Application", value: "app")]) {
            dial in
            for expected in ["t1", "t2"] {
                let (connection, token) = try await dial.connect()
                #expect(token == expected)
                await connection.close(code: .normal, reason: "")
            }
        }
        let seen = provider.state.withLock { $0 }
        #expect(seen.handshakes == ["Bearer t1", "Bearer t2"])
        let login = try #require(seen.logins.first)
        #expect(login.method == "POST" && login.path == "/login" && login.queryText == "v=1")
        #expect(String(decoding: login.body, as: UTF8.self) == #"{"user":"u"}"#)
        #expect(login.headers["x-application"] == "app" && login.headers["content-type"] == "application/json")
    }

    @Test func aFormIsPostedAsOne() async throws {
        let provider = Provider { _ in .json(#"{"sessionToken":12345}"#) }
        try await with(provider, body: "username=u&password=p", field: "sessionToken") { dial in
            let (connection, token) = try await dial.connect()
            #expect(token == "12345")
            await connection.close(code: .normal, reason: "")
        }
        let login = try #require(provider.state.withLock { $0.logins.first })
        #expect(login.headers["content-type"] == "application/x-www-form-urlencoded")
    }

    @Test func aRefusedTokenIsAskedForAgain() async throws {
        let provider = Provider { .json(#"{"data":{"token":"t\#($0)"}}"#) }
        provider.state.withLock { $0.accepted = ["Bearer t2"] }
        try await with(provider) { dial in
            let refused = await end(dial)
            #expect(refused?.cause == .refused && refused?.status == 401)
            #expect(await end(dial) == nil, "the second token is another one")
        }
    }

    @Test(arguments: [401, 403, 429, 503]) func aRefusedLoginIsARefusedSession(status: Int) async throws {
        let provider = Provider { _ in HTTPResponse(status: status, headers: ["retry-after": "90"], text: "not you") }
        try await with(provider) { dial in
            let refused = try #require(await end(dial))
            #expect(refused.cause == .refused && refused.status == status && refused.retryAfter == .seconds(90))
            #expect(refused.isRefusedIdentity == (status < 429))
            #expect(
                refused.why.contains("the login at") && !refused.why.contains("not you"),
                "servers repeat what they were sent")
            var policy = ReconnectPolicy(backoff: ReconnectBackoff())
            var generator = SystemRandomNumberGenerator()
            _ = policy.delay(after: refused, lived: .zero, using: &generator)
            let second = policy.delay(after: refused, lived: .zero, using: &generator)
            #expect(policy.isInSlowLane == (status < 429))
            #expect(second >= (status < 429 ? .seconds(54) : .seconds(90)))
        }
        #expect(provider.state.withLock { $0.handshakes }.isEmpty)
    }

    @Test(arguments: [
        #"{"loginStatus":"INVALID_USERNAME_OR_PASSWORD"}"#, #"{"data":{"token":""}}"#, #"{"data":"token"}"#, "[1]",
        "<html>",
    ])
    func anAnswerWithoutATokenSaysWhatIsMissing(answer: String) async throws {
        let provider = Provider { _ in .json(answer) }
        try await with(provider) { dial in
            let refused = try #require(await end(dial))
            #expect(refused.cause == .refused && refused.isRefusedIdentity)
            #expect(refused.why.contains("'data.token'"))
        }
    }

    @Test(.enabled(if: TestCertificates.isPossible, "needs openssl"))
    func tlsIsTheFeedsButNotTheNameOfAnotherHost() async throws {
        try await TestCertificates.with { certificates in
            let authority = try await certificates.authority()
            let pair = try await certificates.certificate("login", for: "DNS:localhost", by: authority)
            var configuration = HTTPServerConfiguration()
            configuration.tls = ServerTLSConfiguration(certificateFile: pair.certificate, privateKeyFile: pair.key)
            let server = HTTPServer(
                configuration: configuration, routes: Provider { _ in .json(#"{"token":"t"}"#) }.routes)
            let address = try await server.start()
            var feed = FeedConfiguration(
                name: try #require(FeedName("f")), provider: "betfair", url: "tls://10.0.0.1:443")
            feed.connection.tls.additionalAuthorityFile = authority.certificate
            feed.connection.tls.serverName = "feed.invalid"
            feed.login = FeedLogin(url: "https://localhost:\(address.port)/", tokenField: "token")
            let group = MultiThreadedEventLoopGroup.singleton
            #expect(try await feed.credentials(group: group).token == "t")
            feed.url = "tls://localhost:443"
            let sameHost = feed
            await #expect(throws: FeedClientError.self) { try await sameHost.credentials(group: group) }
            await server.stop(grace: .zero)
        }
    }

    @Test func anEndlessAnswerIsRefused() async throws {
        let long = String(repeating: "x", count: HTTPExchange.maximumAnswerBytes)
        let provider = Provider { _ in .json(#"{"data":{"token":"\#(long)"}}"#) }
        try await with(provider) { dial in
            let failed = try #require(await end(dial))
            #expect(failed.cause == .connectFailed && failed.why.contains("longer than 1 MiB"))
        }
    }

    @Test func aLoginThatIsNotThereIsAFailedConnect() async throws {
        var feed = FeedConfiguration(name: try #require(FeedName("f")), provider: "sportsbook", url: "ws://h")
        feed.login = FeedLogin(url: "http://127.0.0.1:1/?token=hush", tokenField: "t")
        let dial = FeedDial(feed: feed, group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
        let failed = try #require(await end(dial))
        #expect(failed.cause == .connectFailed && failed.why.contains("the login at http://127.0.0.1:1/"))
        #expect(!failed.why.contains("hush"))
    }
}
