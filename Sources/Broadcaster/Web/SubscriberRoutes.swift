import FeedModel
import NIOCore
import WebSocketTransport

/// What the subscribers' port answers: the board, the REST resources, event streams, and upgrades to WebSocket.
struct SubscriberRoutes: Sendable {
    let configuration: BroadcasterConfiguration
    let gate: SubscriberGate
    let hosts: [HubHost]
    let probe: PipelineProbe
    let metrics: BroadcasterMetrics

    private var origins: OriginPolicy {
        OriginPolicy(
            allowed: configuration.allowedOrigins, isAuthenticated: configuration.authentication.isRequired)
    }

    var routes: HTTPRoutes {
        HTTPRoutes(
            respond: { request in
                var response = request.method == "OPTIONS" ? origins.preflight(request) : await respond(request)
                for field in origins.sharing(with: request).all { response.headers.append(field.name, field.value) }
                metrics.answered(response.status)
                return response
            },
            upgrade: { request in
                let decision = upgrade(request)
                if case .reject(let response) = decision { metrics.answered(response.status) }
                return decision
            })
    }

    func respond(_ request: HTTPRequest) async -> HTTPResponse {
        if let asset = BoardAsset.at(request.path) {
            return request.method == "GET" ? asset.response : .notAllowed()
        }
        if let document = ProtocolDocument.at(request.path) {
            return request.method == "GET" ? document : .notAllowed()
        }
        guard let resource = Resource(rawValue: request.path) else {
            return .failure(404, "not_found", "there is nothing at \(request.path)")
        }
        guard request.method == "GET" else { return .notAllowed() }
        guard origins.isHostTrusted(request) else { return .otherHost }
        let now = gate.clock.now
        let grant: AccessGrant
        switch gate.authenticator.judge(request, at: now) {
        case .allowed(let known): grant = known
        case .missing: return .unauthorized("credentials are required")
        case .refused(let why): return .unauthorized(why)
        }
        if let refusal = refusal(of: grant) { return refusal }
        guard gate.admission.takeRequest(grant, at: now.monotonic) else { return tooManyRequests }
        // Whoever looks after the pipeline wants to see why nobody is let in.
        guard gate.isReady || resource == .operations else { return .notReady(gate.state) }
        do { return try await respond(resource, request, grant, at: now) } catch let error as SubscriptionQuery.Invalid
        {
            return .failure(400, "bad_parameter", "\(error)")
        } catch let error as CommandRefusal {
            return .failure(error.status, "\(error.code)", error.message)
        } catch {
            return .failure(500, "internal", "\(error)")
        }
    }

    /// What is served to whoever has credentials; docs/openapi.json describes each.
    enum Resource: String, CaseIterable {
        case odds = "/v1/odds"
        case changes = "/v1/odds/changes"
        case fixtures = "/v1/fixtures"
        case feeds = "/v1/feeds"
        case limits = "/v1/limits"
        case operations = "/v1/ops"
        case stream = "/v1/stream"
        case webSocket = "/v1/ws"
    }

    /// What a good key gets that may see nothing of what is served here.
    private func refusal(of grant: AccessGrant) -> HTTPResponse? {
        guard grant.allowsNothing(of: configuration.feeds) else { return nil }
        return .failure(403, "not_allowed", "this key may see nothing here")
    }

    private var tooManyRequests: HTTPResponse {
        .failure(
            429, "requests_per_key_s", "at most \(configuration.limits.requestsPerSecond) requests a second",
            ["retry-after": "1"])
    }

    private func respond(
        _ resource: Resource, _ request: HTTPRequest, _ grant: AccessGrant, at now: Moment
    ) async throws -> HTTPResponse {
        switch resource {
        case .odds, .fixtures:
            var query = try SubscriptionQuery(request.query)
            query.channel = resource == .odds ? .odds : .fixtures
            let key = try narrowed(query, grant)
            let known = request.headers.list("if-none-match")
            let document = try await hosts[0].with { hub in hub.document(key, grant, at: now) }
            let (body, tag) = document.rendered(unless: known)
            let headers: HTTPFields = ["etag": tag, "cache-control": "no-cache"]
            return body.map { .json($0, headers) }
                ?? HTTPResponse(status: 304, headers: headers, body: .bytes(ByteBuffer()))
        case .changes:
            let query = try SubscriptionQuery(request.query)
            guard let since = query.since else {
                throw SubscriptionQuery.Invalid(
                    parameter: "since", expected: "is missing: the cursor of a document or of the changes before")
            }
            let key = try narrowed(query, grant)
            let changes = try await hosts[0].with { hub in hub.changes(key, grant, since: since, at: now) }
            return .json(changes.rendered(at: now), ["cache-control": "no-store"])
        case .feeds:
            return .json(
                try await hosts[0].with { hub in hub.feedsDocument(grant, at: now) }, ["cache-control": "no-cache"])
        case .limits:
            var json = JSONBytes()
            json.limits(grant.limits(configuration.limits))
            return .json(ByteBuffer(bytes: json.bytes))
        case .operations: return try await operations(grant, at: now)
        case .stream: return try stream(request, grant, now: now)
        case .webSocket:
            return .failure(426, "upgrade_required", "connect with WebSocket", ["upgrade": "websocket"])
        }
    }

    private func narrowed(
        _ query: SubscriptionQuery, _ grant: AccessGrant
    ) throws(CommandRefusal) -> AccessGrant.Narrowed {
        try configuration.limits.check(query.filter)
        return try grant.narrowed(query.key)
    }

    private func operations(_ grant: AccessGrant, at now: Moment) async throws -> HTTPResponse {
        guard grant.mayOperate else {
            return .failure(403, "not_allowed", "this key may not see the pipeline: it needs 'ops'")
        }
        var facts = InstanceFacts(isReady: gate.isReady, laneCount: 0, subscriberCount: 0, feeds: [])
        for host in hosts {
            let (lanes, subscribers, feeds) = try await host.with { ($0.lanes.count, $0.subscribers.count, $0.feeds) }
            facts.laneCount = lanes
            facts.subscriberCount += subscribers
            facts.feeds = feeds
        }
        var json = JSONBytes()
        json.pipeline(await probe.knowledge(), facts, configuration.feeds, at: now)
        return .json(ByteBuffer(bytes: json.bytes), ["cache-control": "no-store"])
    }

    // MARK: Streams

    private func stream(_ request: HTTPRequest, _ grant: AccessGrant, now: Moment) throws -> HTTPResponse {
        let query = try SubscriptionQuery(request.query)
        // Said here, where it has a status: on the stream it would be one more event.
        _ = try narrowed(query, grant)
        if let refusal = admit(grant, now: now) { return refusal }
        let resume = request.headers["last-event-id"] ?? query.resume
        let subscription = Hub.Request(key: query.key, resume: resume)
        let heartbeat = heartbeat(query.heartbeatMilliseconds)
        return HTTPResponse(
            status: 200,
            headers: ["content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"],
            body: .eventStream { eventLoop in
                EventStreamSubscriber(
                    hub: hub(on: eventLoop), gate: gate, grant: grant, request: subscription, heartbeat: heartbeat)
            })
    }

    func upgrade(_ request: HTTPRequest) -> UpgradeDecision {
        guard request.path == Resource.webSocket.rawValue else {
            return .reject(.failure(404, "not_found", "there is nothing at \(request.path)"))
        }
        guard origins.isHostTrusted(request) else { return .reject(.otherHost) }
        guard origins.isAllowed(request) else {
            return .reject(.otherOrigin)
        }
        let now = gate.clock.now
        let grant: AccessGrant?
        switch gate.authenticator.judge(request, at: now) {
        case .allowed(let known): grant = known
        case .missing: grant = nil
        case .refused(let why): return .reject(.unauthorized(why))
        }
        if let refusal = grant.flatMap(refusal(of:)) { return .reject(refusal) }
        guard gate.isReady else { return .reject(.notReady(gate.state)) }
        if let refusal = admit(grant, now: now) { return .reject(refusal) }
        let heartbeat = heartbeat(request.queryValue("hb_ms").flatMap { Int($0) })
        return .accept(subprotocol: Authenticator.subprotocol(of: request)) { eventLoop in
            WebSocketSubscriber(
                hub: hub(on: eventLoop), gate: gate, grant: grant, heartbeat: heartbeat)
        }
    }

    private func admit(_ grant: AccessGrant?, now: Moment) -> HTTPResponse? {
        let limit = (grant?.limits(configuration.limits) ?? configuration.limits).connectionsPerKey
        return switch gate.admission.admit(grant, at: now.monotonic) {
        case .admitted: nil
        case .tooManyOfKey:
            .failure(
                429, "connections_per_key", "at most \(limit) connections", ["retry-after": "30"])
        case .tooManyASecond: .failure(503, "accepts_per_s", "too many new connections", ["retry-after": "1"])
        }
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

extension CommandRefusal {
    /// The status that says the same over HTTP.
    fileprivate var status: Int { code.description == "not_allowed" ? 403 : 400 }
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

    static var otherHost: HTTPResponse {
        failure(
            403, "host", "without credentials this is served as localhost or an address, not under another name")
    }

    static var otherOrigin: HTTPResponse { failure(403, "origin", "pages of this origin may not connect") }

    static func unauthorized(_ why: String) -> HTTPResponse {
        failure(401, "unauthorized", why, ["www-authenticate": "Bearer"])
    }

    static func notReady(_ state: SubscriberGate.State) -> HTTPResponse {
        let why = state == .stopping ? "this instance stops" : "the streams are being caught up with"
        return failure(503, "not_ready", why, ["retry-after": "1"])
    }
}
