import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server of lines over TCP or TLS that follows a script: for each line it hears, what it says.
package final class LineServer: Sendable {
    /// What the server does next.
    package enum Step: Sendable {
        /// Says a line, with CR and LF behind it.
        case say(String)
        /// Sends bytes as they are.
        case send([UInt8])
        case hangUp
    }

    /// - Parameters:
    ///   - connection: counted from 1.
    ///   - line: what was heard; nil when the connection has just opened.
    package typealias Script = @Sendable (_ connection: Int, _ line: String?) -> [Step]

    private struct State {
        var connections: [any Channel] = []
        var heard: [String] = []
        var server: (any Channel)?
    }

    private let certificate: TestCertificates.Pair?
    private let clientAuthority: String?
    private let script: Script
    private let state = Mutex(State())

    /// - Parameters:
    ///   - certificate: of the server; nil for plain TCP.
    ///   - clientAuthority: clients must show a certificate that it signed.
    package init(certificate: TestCertificates.Pair? = nil, clientAuthority: String? = nil, script: @escaping Script) {
        self.certificate = certificate
        self.clientAuthority = clientAuthority
        self.script = script
    }

    /// Every line heard, in order of arrival.
    package var heard: [String] { state.withLock { $0.heard } }

    /// How many connections there have been.
    package var connectionCount: Int { state.withLock { $0.connections.count } }

    /// Listens on a free port of 127.0.0.1, which is returned.
    package func start() async throws -> Int {
        let tls = try certificate.map { try context($0) }
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(ScriptHandler(self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        state.withLock { $0.server = server }
        return server.localAddress?.port ?? 0
    }

    /// Closes every connection that is open.
    package func hangUp() {
        for channel in state.withLock({ $0.connections }) { channel.close(promise: nil) }
    }

    /// Closes everything.
    package func stop() async {
        hangUp()
        try? await state.withLock { $0.server }?.close()
    }

    private func context(_ certificate: TestCertificates.Pair) throws -> NIOSSLContext {
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate.certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: certificate.key, format: .pem)))
        if let clientAuthority {
            tls.certificateVerification = .noHostnameVerification
            tls.trustRoots = .file(clientAuthority)
        }
        return try NIOSSLContext(configuration: tls)
    }

    fileprivate func opened(_ channel: any Channel) -> (number: Int, steps: [Step]) {
        let number = state.withLock { state in
            state.connections.append(channel)
            return state.connections.count
        }
        return (number, script(number, nil))
    }

    fileprivate func heard(_ line: String, on connection: Int) -> [Step] {
        state.withLock { $0.heard.append(line) }
        return script(connection, line)
    }
}

private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: LineServer
    private var number = 0
    private var rest: [UInt8] = []

    init(_ server: LineServer) { self.server = server }

    func channelActive(context: ChannelHandlerContext) {
        let (number, steps) = server.opened(context.channel)
        self.number = number
        follow(steps, context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        rest.append(contentsOf: unwrapInboundIn(data).readableBytesView)
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: rest[..<end].filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
            rest.removeFirst(end + 1)
            follow(server.heard(line, on: number), context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func follow(_ steps: [LineServer.Step], _ context: ChannelHandlerContext) {
        for step in steps {
            switch step {
            case .say(let line): context.write(wrapOutboundOut(ByteBuffer(string: line + "\r\n")), promise: nil)
            case .send(let bytes): context.write(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            case .hangUp:
                context.flush()
                context.close(promise: nil)
            }
        }
        context.flush()
    }
}
