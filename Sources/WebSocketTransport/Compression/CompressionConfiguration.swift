/// What a client offers of permessage-deflate (RFC 7692).
package struct CompressionOffer: Sendable, Hashable {
    /// Offers that this side forgets its window between messages, so that it needs no memory between them.
    package var clientNoContextTakeover = false
    /// Asks the server to forget its window between messages.
    package var serverNoContextTakeover = false
    /// 9 to 15; the server may ask for a smaller window of ours.
    package var clientMaximumWindowBits = 15
    /// 9 to 15; below 15 asks the server to use a smaller window.
    package var serverMaximumWindowBits = 15

    package init() {}
}

/// What a server accepts of permessage-deflate.
package enum ServerCompression: Sendable, Hashable {
    case off
    /// Both sides forget their windows: no memory between messages, and frames can be compressed once and shared. Who asks
    /// for a smaller window than others have is declined.
    case withoutContextTakeover
    /// Windows are kept unless the client asks otherwise: best ratio, some 300 KB a connection.
    case withContextTakeover
}
