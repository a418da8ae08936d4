import WebSocketTransport

/// A description of the protocol that machines read: OpenAPI, AsyncAPI, JSON Schemas. For everybody, without credentials.
enum ProtocolDocument {
    /// What is served at a path.
    static func at(_ path: String) -> HTTPResponse? {
        EmbeddedDocuments.texts[path].map { text in
            HTTPResponse(
                status: 200, headers: ["cache-control": "no-cache", "access-control-allow-origin": "*"],
                contentType: path.hasPrefix("/schemas/") ? "application/schema+json" : "application/json", text: text)
        }
    }
}
