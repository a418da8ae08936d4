import NIOCore
import NIOPosix
import NIOSSL

/// Where a client connects to, and through what.
struct DialTarget: Sendable {
    let url: EndpointURL
    var tls = ClientTLSConfiguration()
    /// Nil to connect directly.
    var proxy: HTTPProxy?
    /// Name resolution, TCP, proxy, TLS and everything until the promise is kept.
    var timeout: Duration
    /// How much one read takes from the socket at most.
    var readBytes = 128 * 1024
    /// Told when the server's certificate runs out.
    var onServerCertificate: (@Sendable (Int64) -> Void)?

    /// Why TLS could not verify the server; nil if it can.
    var problem: WebSocketError? {
        guard proxy != nil, url.isSecure, ClientTLS.serverName(tls, url: url) == nil else { return nil }
        return .configuration("through a proxy, TLS needs a name to verify: an address is not enough")
    }
}

/// One attempt to open a connection: TCP, proxy and TLS are made here, what is spoken over them is the caller's.
struct ClientDial<Product: Sendable>: Sendable {
    /// Adds the handlers behind TLS, on the channel's loop. One of them keeps the promise or breaks it.
    typealias Setup = @Sendable (_ channel: any Channel, _ opened: EventLoopPromise<Product>) throws -> Void

    private let target: DialTarget
    private let tls: NIOSSLContext?
    private let loop: any EventLoop
    private let setup: Setup
    /// Fails once, whatever goes wrong first; then the channel is closed.
    private let opened: EventLoopPromise<Product>

    /// Returns what the handlers promised, or throws what went wrong within the target's timeout.
    static func open(
        _ target: DialTarget, group: any EventLoopGroup, setup: @escaping Setup
    ) async throws(WebSocketError) -> Product {
        if let problem = target.problem { throw problem }
        let tls = target.url.isSecure ? try ClientTLS.context(target.tls) : nil
        let dial = ClientDial(target, tls: tls, loop: group.next(), setup: setup)
        dial.begin()
        do {
            return try await withTaskCancellationHandler {
                try await dial.opened.futureResult.get()
            } onCancel: {
                dial.opened.fail(WebSocketError.connectFailed("cancelled"))
            }
        } catch {
            throw ClientTLS.failure(error)
        }
    }

    private init(_ target: DialTarget, tls: NIOSSLContext?, loop: any EventLoop, setup: @escaping Setup) {
        self.target = target
        self.tls = tls
        self.loop = loop
        self.setup = setup
        opened = loop.makePromise()
    }

    private func begin() {
        let timeout = TimeAmount(target.timeout)
        let timer = loop.scheduleTask(in: timeout) { opened.fail(WebSocketError.timedOut) }
        opened.futureResult.whenComplete { _ in timer.cancel() }
        let socket = ClientBootstrap(group: loop)
            .connectTimeout(timeout)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: target.readBytes))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try configure(channel) }
            }
            .connect(host: target.proxy?.host ?? target.url.host, port: target.proxy?.port ?? target.url.port)
        socket.whenComplete { result in
            switch result {
            case .success(let channel):
                opened.futureResult.whenFailure { _ in channel.close(promise: nil) }
                tellCertificate(of: channel)
            case .failure(let error): opened.fail(error)
            }
        }
    }

    private func tellCertificate(of channel: any Channel) {
        guard tls != nil, let tell = target.onServerCertificate else { return }
        opened.futureResult.flatMap { _ in channel.nioSSL_peerCertificate() }.whenSuccess { certificate in
            if let certificate { tell(Int64(certificate.notValidAfter)) }
        }
    }

    /// Builds the pipeline, on the loop.
    private func configure(_ channel: any Channel) throws {
        if let proxy = target.proxy {
            try channel.pipeline.syncOperations.addHandler(ProxyTunnelHandler(proxy, to: target.url))
        }
        if let tls {
            let name = ClientTLS.serverName(target.tls, url: target.url)
            try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
        }
        try setup(channel, opened)
    }
}
