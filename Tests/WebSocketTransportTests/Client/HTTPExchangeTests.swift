import NIOPosix
import TestSupport
import Testing

@testable import WebSocketTransport

@Suite(.serialized, .timeLimit(.minutes(1))) struct HTTPExchangeTests {
    private static let routes = HTTPRoutes(respond: { request in
        HTTPResponse(status: request.body.isEmpty ? 400 : 200, text: "\(request.method) \(request.path)")
    })

    private func perform(
        _ url: String, _ change: (inout HTTPExchange) throws -> Void = { _ in }
    ) async throws -> (status: Int, text: String) {
        var exchange = HTTPExchange(url: url)
        exchange.body = [1]
        try change(&exchange)
        let answer = try await exchange.perform(group: MultiThreadedEventLoopGroup.singleton)
        return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }

    @Test func theWholeAnswerComesWhateverItsStatus() async throws {
        try await withServer(Self.routes) { address in
            let accepted = try await perform("http://\(address)/a?b")
            #expect(accepted == (200, "POST /a"))
            let refused = try await perform("http://\(address)") { $0.body = [] }
            #expect(refused == (400, "POST /"))
        }
    }

    @Test(.enabled(if: TestCertificates.isPossible, "needs openssl"))
    func authorityAndProxyAreThoseOfTheConfiguration() async throws {
        try await TestCertificates.with { certificates in
            let authority = try await certificates.authority()
            let pair = try await certificates.certificate("server", for: "DNS:login.invalid", by: authority)
            let tls = ServerTLSConfiguration(certificateFile: pair.certificate, privateKeyFile: pair.key)
            try await withServer(Self.routes, { $0.tls = tls }) { address in
                let requests = Recorder<String>()
                try await withProxy(.tunnel(to: address), requests: requests) { proxy in
                    let answer = try await perform("https://login.invalid/in") {
                        $0.proxy = try HTTPProxy(url: "http://\(proxy)")
                        $0.tls.additionalAuthorityFile = authority.certificate
                    }
                    #expect(answer == (200, "POST /in"))
                }
                #expect(await requests.first()?.hasPrefix("CONNECT login.invalid:443 ") == true)
                await #expect(throws: WebSocketError.self) { try await perform("https://localhost:\(address.port)/") }
            }
        }
    }

    @Test func aServerThatDoesNotAnswerIsNotWaitedForLong() async throws {
        let silence = HTTPRoutes(respond: { _ in
            try? await Task.sleep(for: .seconds(30))
            return HTTPResponse(status: 200)
        })
        try await withServer(silence) { address in
            await #expect(throws: WebSocketError.timedOut) {
                try await perform("http://\(address)/") { $0.timeout = .milliseconds(100) }
            }
        }
    }

    @Test(arguments: ["SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"])
    func aBrokenAnswerIsRefused(bytes: String) async throws {
        try await withRawServer(answering: Array(bytes.utf8), closing: true) { address in
            do {
                _ = try await perform("http://\(address)/")
                Issue.record("answered")
            } catch let error as WebSocketError {
                guard case .answerInvalid = error else { throw error }
            }
        }
    }
}
