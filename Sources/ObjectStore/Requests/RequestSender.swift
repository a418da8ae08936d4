import NIOCore
import Telemetry
import WebSocketTransport

/// Sends requests until there is an answer that counts.
struct RequestSender: Sendable {
    private let configuration: ObjectStoreConfiguration
    private let endpoint: ObjectStoreEndpoint
    private let credentials: ObjectStoreCredentials
    private let retry: RequestRetry
    private let group: any EventLoopGroup
    private let clock: any Clock<Duration>

    init(
        _ configuration: ObjectStoreConfiguration, group: any EventLoopGroup, clock: any Clock<Duration>
    ) throws(ObjectStoreError) {
        guard let credentials = configuration.credentials else {
            throw .configuration(ObjectStoreConfiguration.noCredentials)
        }
        self.configuration = configuration
        self.credentials = credentials
        endpoint = try ObjectStoreEndpoint(configuration)
        retry = RequestRetry(attempts: configuration.attempts)
        self.group = group
        self.clock = clock
    }

    /// The answer, which is a good one.
    ///
    /// - Throws: `.refused` and `.unreachable`; `CancellationError` when the task was cancelled.
    func send(_ request: ObjectRequest) async throws -> HTTPExchange.Answer {
        var random = SystemRandomNumberGenerator()
        for attempt in 1... {
            try Task.checkCancellation()
            let failure: ObjectStoreError
            var asked: Duration?
            do {
                let answer = try await exchange(request).perform(group: group)
                guard let refusal = request.refusal(in: answer) else { return answer }
                guard RequestRetry.isRetriable(refusal) else { throw ObjectStoreError.refused(refusal) }
                failure = .refused(refusal)
                asked = answer.retryAfter
            } catch let error as WebSocketError {
                let why = error == .timedOut ? "no answer within \(request.timeout)" : "\(error)"
                failure = .unreachable(request.what, why: why)
                try Task.checkCancellation()
                guard error.isRetriable else { throw failure }
            }
            guard let pause = retry.pause(after: attempt, asked: asked, using: &random) else { throw failure }
            try await clock.sleep(for: pause)
        }
        throw CancellationError()
    }

    /// Signed anew for each attempt: a signature is good for a quarter of an hour.
    private func exchange(_ request: ObjectRequest) -> HTTPExchange {
        request.signed(for: endpoint, configuration, credentials: credentials, time: ObjectRequest.time())
    }
}

extension ObjectRequest {
    /// What the answer says no with; nil if it does not.
    func refusal(in answer: HTTPExchange.Answer) -> ServerRefusal? {
        let isGood = (200..<300).contains(answer.status)
        if isGood, !answersEarly { return nil }
        let error = XMLNode(answer.body).flatMap { $0.name == "Error" ? $0 : nil }
        if isGood, error == nil { return nil }
        return ServerRefusal(
            what: what, status: answer.status, code: Self.shown(error?["Code"]), message: Self.shown(error?["Message"]),
            region: (error?["Region"] ?? answer.headers["x-amz-bucket-region"]).map(Self.shown))
    }

    /// What comes from outside and goes to terminals and logs: short, on one line.
    private static func shown(_ text: String?) -> String {
        var shown = String.UnicodeScalarView()
        shown.append(
            contentsOf: (text ?? "").unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(300))
        return String(shown)
    }
}
