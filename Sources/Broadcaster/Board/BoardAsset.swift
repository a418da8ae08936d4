import NIOCore
import WebSocketTransport

/// A file of the odds board, compiled in: the page asks for nothing from anywhere else.
struct BoardAsset: Sendable {
    let contentType: String
    let text: String

    /// What is served at a path.
    static func at(_ path: String) -> BoardAsset? {
        switch path {
        case "/": page
        case "/board.css": style
        case "/board.js": script
        case "/ops": operations
        case "/ops.css": BoardAsset(contentType: style.contentType, text: OpsPage.css)
        case "/ops.js": BoardAsset(contentType: script.contentType, text: OpsScript.javaScript)
        case "/icon.svg", "/favicon.ico": icon
        default: nil
        }
    }

    var response: HTTPResponse {
        HTTPResponse(
            status: 200,
            headers: [
                "cache-control": "no-cache",
                "content-security-policy":
                    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws: wss:",
                "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
            ],
            contentType: contentType, text: text)
    }

    private static let page = BoardAsset(contentType: "text/html; charset=utf-8", text: BoardPage.html)
    private static let operations = BoardAsset(contentType: "text/html; charset=utf-8", text: OpsPage.html)
    private static let style = BoardAsset(contentType: "text/css; charset=utf-8", text: BoardStyle.css)
    private static let script = BoardAsset(
        contentType: "text/javascript; charset=utf-8",
        text: BoardClient.javaScript + BoardCards.javaScript + BoardView.javaScript)
    private static let icon = BoardAsset(contentType: "image/svg+xml", text: BoardPage.icon)
}
