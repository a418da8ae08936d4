import FeedClient
import Foundation
import Telemetry
import WebSocketTransport

extension TouchlineConfiguration {
    /// How a feed is connected to: TLS, proxy, headers and timeouts.
    static func readConnection(_ feed: ConfigurationReader, url: String?) -> FeedConnectionConfiguration {
        var connection = FeedConnectionConfiguration()
        connection.tls = readTLS(feed, url: url)
        connection.headers = readHeaders(feed)
        connection.isCompressionOffered = feed.flag("compress", default: connection.isCompressionOffered)
        connection.connectTimeout = feed.duration(
            "connect_timeout", in: .milliseconds(100)...(.seconds(300)), default: connection.connectTimeout)
        connection.answerTimeout = feed.duration(
            "answer_timeout", in: .seconds(1)...(.seconds(600)), default: connection.answerTimeout)
        connection.pingInterval = feed.duration(
            "ping_interval", in: .milliseconds(100)...(.seconds(3_600)), default: connection.pingInterval)
        connection.pongTimeout = feed.duration(
            "pong_timeout", in: .milliseconds(100)...(.seconds(600)), default: connection.pongTimeout)
        connection.proxy = feed.proxy()
        if connection.proxy != nil, let url, WebSocketClientConfiguration.needsServerName(url: url, connection.tls) {
            feed.problem(
                "proxy", "needs 'tls.server_name' with it: the name in the certificate of \(SecretMask.masked(url))")
        }
        return connection
    }

    private static func readTLS(_ feed: ConfigurationReader, url: String?) -> ClientTLSConfiguration {
        let section = feed.section("tls")
        var tls = ClientTLSConfiguration()
        tls.additionalAuthorityFile = section.readableFile("ca")
        tls.certificateFile = section.readableFile("cert")
        tls.privateKeyFile = section.readableFile("key")
        tls.serverName = section.string("server_name")
        section.rejectUnknownKeys()
        guard tls != ClientTLSConfiguration() else { return tls }
        if let url, WebSocketClientConfiguration.isPlain(url) {
            feed.problem("tls", "has no effect on ws:// and tcp://: use wss:// or tls://, or leave it out")
        }
        // Absent files are named one by one already.
        let files = [tls.additionalAuthorityFile, tls.certificateFile, tls.privateKeyFile].compactMap { $0 }
        if files.allSatisfy(FileManager.default.isReadableFile),
            let why = WebSocketClientConfiguration.problem(ofTLS: tls)
        {
            feed.problem("tls", "cannot be used: \(why)")
        }
        return tls
    }

    /// What is sent with a request; what HTTP does not allow is a problem.
    static func readHeaders(_ feed: ConfigurationReader) -> [HTTPHeader] {
        let section = feed.section("headers")
        return section.keys.compactMap { name, _ in
            guard let value = section.secret(name) else { return nil }
            if let why = WebSocketClientConfiguration.problem(ofHeader: name, value) { section.problem(name, why) }
            return HTTPHeader(name: name, value: value)
        }
    }
}

extension ConfigurationReader {
    /// A path; what cannot be read is a problem with its line.
    func readableFile(_ key: String) -> String? {
        guard let path = string(key) else { return nil }
        if !FileManager.default.isReadableFile(atPath: path) {
            reject(key, path, "a readable PEM file")
        } else {
            rejectFolder(key, path)
        }
        return path
    }

    /// A path where a file is, or will be one day.
    func file(_ key: String) -> String? {
        guard let path = string(key) else { return nil }
        rejectFolder(key, path)
        return path
    }

    private func rejectFolder(_ key: String, _ path: String) {
        var isFolder = ObjCBool(false)
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else { return }
        reject(key, path, "a file: this is a folder")
    }
}
