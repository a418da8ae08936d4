package import NIOCore
import NIOHTTP1

/// One HTTP request of a client, on a connection of its own. Redirects are not followed.
package struct HTTPExchange: Sendable {
    package var method = "POST"
    /// `http://` or `https://`.
    package var url: String
    /// Sent as they are; may hold credentials and are never logged.
    package var headers: [HTTPHeader] = []
    package var body: [UInt8] = []
    /// From the resolution of the name to the last byte of the answer.
    package var timeout: Duration = .seconds(10)
    package var tls = ClientTLSConfiguration()
    /// Nil to connect directly.
    package var proxy: HTTPProxy?

    /// An answer with a longer body is refused.
    package var answerLimit = Self.maximumAnswerBytes

    /// What `answerLimit` is unless somebody says otherwise.
    package static let maximumAnswerBytes = 1 << 20

    /// What the server said.
    package struct Answer: Sendable {
        package let status: Int
        package let headers: HTTPFields
        package let body: [UInt8]

        /// How long the server asks to wait; nil if it does not.
        package var retryAfter: Duration? { headers["retry-after"].flatMap(RetryAfter.init)?.delay }
    }

    package init(url: String) { self.url = url }

    /// Sends the request and waits for all of the answer, whatever its status.
    package func perform(group: any EventLoopGroup) async throws(WebSocketError) -> Answer {
        let url = try EndpointURL(url, .http)
        for header in headers {
            if let why = WebSocketClientConfiguration.problem(ofHeader: header.name, header.value) {
                throw .configuration(why)
            }
        }
        var head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: url.target)
        head.headers = HTTPHeaders(
            [("host", url.hostField), ("content-length", "\(body.count)"), ("connection", "close")]
                + headers.map { ($0.name, $0.value) })
        let target = DialTarget(url: url, tls: tls, proxy: proxy, timeout: timeout)
        return try await ClientDial.open(target, group: group) { [head, body, answerLimit] channel, answered in
            try channel.pipeline.syncOperations.addHTTPClientHandlers()
            try channel.pipeline.syncOperations.addHandler(ExchangeHandler(head, body, answerLimit, answered))
        }
    }

    /// Who is asked; nil if `url` is none.
    package var host: String? { (try? EndpointURL(url, .http))?.host }

    /// What the `Host` field will say, for who signs it; nil if `url` is none.
    package var hostField: String? { (try? EndpointURL(url, .http))?.hostField }

    /// Why `url` cannot be asked; nil if it can be tried.
    package static func problem(ofURL url: String) -> String? {
        do {
            _ = try EndpointURL(url, .http)
            return nil
        } catch {
            return "\(error)"
        }
    }
}

/// Sends one request and gathers the answer, on the connection's event loop.
private final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let head: HTTPRequestHead
    private let body: [UInt8]
    private let limit: Int
    private let answered: EventLoopPromise<HTTPExchange.Answer>
    private var answer: HTTPResponseHead?
    private var received: [UInt8] = []

    init(
        _ head: HTTPRequestHead, _ body: [UInt8], _ limit: Int, _ answered: EventLoopPromise<HTTPExchange.Answer>
    ) {
        self.head = head
        self.body = body
        self.limit = limit
        self.answered = answered
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !body.isEmpty { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): answer = head
        case .body(let part):
            guard received.count + part.readableBytes <= limit else {
                return end(context, .failure(WebSocketError.answerInvalid("it is longer than \(limit >> 20) MiB")))
            }
            received.append(contentsOf: part.readableBytesView)
        case .end:
            guard let answer else { return }
            let fields = HTTPFields(answer.headers.map { (name: $0.name, value: $0.value) })
            end(context, .success(.init(status: Int(answer.status.code), headers: fields, body: received)))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        answered.fail(WebSocketError.answerInvalid("the connection closed before its end"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(context, .failure(error is HTTPParserError ? WebSocketError.answerInvalid("it is not HTTP") : error))
    }

    private func end(_ context: ChannelHandlerContext, _ result: Result<HTTPExchange.Answer, any Error>) {
        answered.completeWith(result)
        context.close(promise: nil)
    }
}
