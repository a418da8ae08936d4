import AccessTokens
import Broadcaster
import NIOPosix
import Telemetry
import WebSocketTransport

/// What the process itself would listen on, and where it would post.
extension Diagnosis {
    /// What says that a touchline is behind an address: a document of each port that needs no credentials, and a word in it.
    private struct Sign {
        let path: String
        let word: String

        static let operations = Sign(path: "/version", word: #""name":"touchline""#)
        static let subscribers = Sign(path: "/openapi.json", word: #""Touchline subscribers""#)
    }

    /// An address that is taken is as it should be while the pipeline runs: then it says itself who it is.
    static func listeners(_ configuration: TouchlineConfiguration) async -> [Finding] {
        let operations = await listening("operations.listen", configuration.operations, nil, .operations)
        let broadcaster = await listening(
            "broadcaster.listen", configuration.broadcaster, configuration.subscribers.tls, .subscribers)
        return [operations, broadcaster]
    }

    private static func listening(
        _ key: String, _ address: ListenAddress, _ tls: ServerTLSConfiguration?, _ sign: Sign
    ) async -> Finding {
        var server = HTTPServerConfiguration(host: address.host, port: address.port)
        server.tls = tls
        let listener = HTTPServer(
            configuration: server, routes: HTTPRoutes(respond: { _ in HTTPResponse(status: 503, text: "") }))
        do {
            try await listener.start()
            await listener.stop()
            return Finding("\(key) \(address) can be listened on")
        } catch {
            guard case .bindFailed(_, let reason) = error else {
                let files = [tls?.certificateFile, tls?.privateKeyFile].compactMap { $0 }.joined(separator: ", ")
                return Finding(
                    "broadcaster.tls", problem: "\(error) (\(files))",
                    remedy: "make broadcaster.tls name a certificate chain and its key, as PEM files")
            }
            // Only one of many processes may be that of this configuration, so that a taken port stops nobody from
            // looking on.
            guard reason.contains("another program") else {
                return Finding(key, problem: "\(error)", remedy: "set \(key) to an address of this machine")
            }
            if tls == nil, await isTouchline(address, sign) {
                return Finding("\(key) \(address) is served by a running touchline")
            }
            // A certificate is for a name that we do not know: over TLS nobody can be asked.
            let remedy =
                tls == nil
                ? "stop it, or choose another address"
                : "if it is not the Broadcaster itself, stop it, or choose another address"
            return Finding(key, problem: "\(error)", remedy: remedy, isWarning: true)
        }
    }

    private static func isTouchline(_ address: ListenAddress, _ sign: Sign) async -> Bool {
        guard address.port != 0 else { return false }
        var exchange = HTTPExchange(url: "http://\(address)\(sign.path)")
        exchange.method = "GET"
        exchange.timeout = .seconds(2)
        let answer = try? await exchange.perform(group: MultiThreadedEventLoopGroup.singleton)
        return answer.map { String(decoding: $0.body, as: UTF8.self).contains(sign.word) } ?? false
    }

    /// Nil without tokens to verify.
    static func subscriberKeys(_ configuration: TouchlineConfiguration) async -> Finding? {
        guard let tokens = configuration.subscribers.authentication.tokens else { return nil }
        do throws(TokenError) {
            _ = try await TokenVerifier(tokens)
            return Finding("the keys of subscribers' tokens can be used")
        } catch {
            return Finding(
                "broadcaster.auth", problem: error.description,
                remedy: "make jwks_file a JSON Web Key Set (`touchline token key` makes one)")
        }
    }

    /// Whether somebody answers there. Nothing is posted: people would see it.
    static func webhook(_ webhook: WebhookConfiguration) async -> Finding {
        var exchange = webhook.exchange
        exchange.method = "HEAD"
        do {
            _ = try await exchange.perform(group: MultiThreadedEventLoopGroup.singleton)
            return Finding("the webhook answers")
        } catch {
            return Finding(
                "operations.webhook", problem: SecretMask.masked("\(error)"),
                remedy: "set operations.webhook.url, or its proxy and ca")
        }
    }

    /// Whether the collector takes spans from us. None are sent: an empty request changes nothing.
    static func traces(_ traces: TraceConfiguration) async -> Finding {
        var exchange = traces.exchange
        exchange.body = SpanDocument.body(of: [], from: TraceResource(instance: "doctor", stage: ""))
        do {
            let answer = try await exchange.perform(group: MultiThreadedEventLoopGroup.singleton)
            if (200..<300).contains(answer.status) { return Finding("the traces' collector takes spans") }
            let why = "the collector answers \(answer.status): look at the endpoint's path and 'traces.headers'"
            return Finding(
                "traces.endpoint", problem: why,
                remedy: "look at the collector and at traces.endpoint and traces.headers")
        } catch {
            return Finding(
                "traces.endpoint", problem: SecretMask.masked("\(error)"),
                remedy: "start the collector, or mend traces.endpoint")
        }
    }
}
