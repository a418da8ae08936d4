import FeedModel
import NIOCore
import WebSocketTransport

/// What the subscribers' port answers: the board, the REST resources, event streams, and upgrades to WebSocket.
struct SubscriberRoutes: Sendable {
    let configuration: BroadcasterConfiguration
    let gate: SubscriberGate
    let hosts: [HubHost]

    var routes: HTTPRoutes {
        HTTPRoutes(respond: { await respond($0) }, upgrade: { upgrade($0) })
    }

    func respond(_ request: HTTPRequest) async -> HTTPResponse {
        if let asset = BoardAsset.at(request.path) {
            return request.method == "GET" ? asset.response : .notAllowed()
        }
        guard let resource = Resource(rawValue: request.path) else {
            return .failure(404, "not_found", "there is nothing at \(request.path)")
        }
        guard request.method == "GET" else { return .notAllowed() }
        let key: Int?
        switch gate.authentication.judge(request) {
        case .allowed(let known): key = known
        case .missing: return .unauthorized("credentials are required")
        case .refused: return .unauthorized("unknown token")
        }
        guard gate.isReady else { return .notReady }
        do { return try await respond(resource, request, key: key) } catch let error as SubscriptionQuery.Invalid {
            return .failure(400, "bad_parameter", "\(error.parameter) is not understood")
        } catch let error as CommandRefusal {
            return .failure(400, "\(error.code)", error.message)
        } catch {
            return .failure(500, "internal", "\(error)")
        }
    }

    private enum Resource: String {
        case odds = "/v1/odds"
        case fixtures = "/v1/fixtures"
        case feeds = "/v1/feeds"
        case limits = "/v1/limits"
        case stream = "/v1/stream"
        case webSocket = "/v1/ws"
    }

    private func respond(_ resource: Resource, _ request: HTTPRequest, key: Int?) async throws -> HTTPResponse {
        let now = gate.clock.now
        switch resource {
        case .odds, .fixtures:
            var query = try SubscriptionQuery(request.query)
            query.channel = resource == .odds ? .odds : .fixtures
            let (body, tag) = try await hosts[0].with { [key = query.key] hub in hub.document(key, at: now) }
            let headers: HTTPFields = ["etag": "\"\(tag)\"", "cache-control": "no-cache"]
            if request.headers.list("if-none-match").contains("\"\(tag)\"") {
                return HTTPResponse(status: 304, headers: headers, body: .bytes(ByteBuffer()))
            }
            return .json(body, headers)
        case .feeds:
            return .json(try await hosts[0].with { hub in hub.feedsDocument(at: now) }, ["cache-control": "no-cache"])
        case .limits:
            var json = JSONBytes()
            json.limits(configuration.limits)
            return .json(ByteBuffer(bytes: json.bytes))
        case .stream: return try stream(request, key: key, now: now)
        case .webSocket:
            return .failure(426, "upgrade_required", "connect with WebSocket", ["upgrade": "websocket"])
        }
    }

    // MARK: Streams

    private func stream(_ request: HTTPRequest, key: Int?, now: Moment) throws -> HTTPResponse {
        let query = try SubscriptionQuery(request.query)
        if let refusal = admit(key, now: now) { return refusal }
        let resume = request.headers["last-event-id"] ?? query.resume
        let subscription = Hub.Request(key: query.key, resume: resume)
        let heartbeat = heartbeat(query.heartbeatMilliseconds)
        return HTTPResponse(
            status: 200,
            headers: ["content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"],
            body: .eventStream { eventLoop in
                EventStreamSubscriber(
                    hub: hub(on: eventLoop), gate: gate, key: key, request: subscription, heartbeat: heartbeat)
            })
    }

    func upgrade(_ request: HTTPRequest) -> UpgradeDecision {
        guard request.path == Resource.webSocket.rawValue else {
            return .reject(.failure(404, "not_found", "there is nothing at \(request.path)"))
        }
        guard isOriginAllowed(request) else {
            return .reject(.failure(403, "origin", "pages of this origin may not connect"))
        }
        let key: Int?
        let isAuthenticated: Bool
        switch gate.authentication.judge(request) {
        case .allowed(let known): (key, isAuthenticated) = (known, true)
        case .missing: (key, isAuthenticated) = (nil, false)
        case .refused: return .reject(.unauthorized("unknown token"))
        }
        guard gate.isReady else { return .reject(.notReady) }
        if let refusal = admit(key, now: gate.clock.now) { return .reject(refusal) }
        let heartbeat = heartbeat(request.queryValue("hb_ms").flatMap { Int($0) })
        return .accept(subprotocol: SubscriberAuthentication.subprotocol(of: request)) { eventLoop in
            WebSocketSubscriber(
                hub: hub(on: eventLoop), gate: gate, key: key, isAuthenticated: isAuthenticated, heartbeat: heartbeat)
        }
    }

    private func admit(_ key: Int?, now: Moment) -> HTTPResponse? {
        switch gate.admission.admit(key: key, at: now.monotonic) {
        case .admitted: nil
        case .tooManyOfKey:
            .failure(
                429, "connections_per_key", "at most \(configuration.limits.connectionsPerKey) connections",
                ["retry-after": "30"])
        case .tooManyASecond: .failure(503, "accepts_per_s", "too many new connections", ["retry-after": "1"])
        }
    }

    /// A browser says which page connects. Only pages of this server, or those that are allowed by name, may: otherwise
    /// any page that someone opens could read a board on their own machine.
    private func isOriginAllowed(_ request: HTTPRequest) -> Bool {
        guard let origin = request.headers["origin"] else { return true }
        if configuration.allowedOrigins.contains(origin) || configuration.allowedOrigins.contains("*") { return true }
        guard let host = request.headers["host"] else { return false }
        return origin == "http://\(host)" || origin == "https://\(host)"
    }

    private func heartbeat(_ milliseconds: Int?) -> Duration {
        milliseconds.map { .milliseconds(min(max($0, 1_000), 30_000)) } ?? configuration.heartbeat
    }

    /// The hub of a connection's event loop.
    private func hub(on eventLoop: any EventLoop) -> Hub {
        guard let host = hosts.first(where: { $0.eventLoop === eventLoop }) else {
            preconditionFailure("a connection on an event loop that has no hub")
        }
        return host.local
    }
}

extension HTTPResponse {
    static func json(_ body: ByteBuffer, _ headers: HTTPFields = [:]) -> HTTPResponse {
        var headers = headers
        headers.append("content-type", "application/json")
        return HTTPResponse(status: 200, headers: headers, body: .bytes(body))
    }

    static func failure(
        _ status: Int, _ code: String, _ message: String, _ headers: HTTPFields = [:]
    ) -> HTTPResponse {
        var json = JSONBytes()
        json.raw("{\"error\":{\"code\":")
        json.string(code)
        json.raw(",\"msg\":")
        json.string(message)
        json.raw("}}")
        return .json(status: status, headers: headers, String(decoding: json.bytes, as: UTF8.self))
    }

    static func notAllowed() -> HTTPResponse {
        failure(405, "method_not_allowed", "only GET is answered", ["allow": "GET"])
    }

    static func unauthorized(_ why: String) -> HTTPResponse {
        failure(401, "unauthorized", why, ["www-authenticate": "Bearer"])
    }

    static var notReady: HTTPResponse {
        failure(503, "not_ready", "the streams are being caught up with", ["retry-after": "1"])
    }
}
