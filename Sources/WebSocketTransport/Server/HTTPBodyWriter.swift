package import NIOCore
import NIOHTTP1

/// Writes a chunked response body; each call returns when the kernel has taken the bytes.
package struct HTTPBodyWriter: Sendable {
    private let channel: any Channel

    init(channel: any Channel) { self.channel = channel }

    /// Throws when the connection is gone.
    package func write(_ bytes: ByteBuffer) async throws(WebSocketError) {
        do {
            try await channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(bytes))).get()
        } catch {
            throw .closed(nil)
        }
    }

    /// Throws when the connection is gone.
    package func write(_ text: String) async throws(WebSocketError) { try await write(ByteBuffer(string: text)) }
}
