import WebSocketTransport

/// A description of the protocol that machines read: OpenAPI, AsyncAPI, JSON Schemas. For everybody, without credentials.
enum ProtocolDocument {
    /// The descriptions, by the path at which they are served.
    static let texts: [String: String] = [
        "/openapi.json": PackageResources.openapi_json, "/asyncapi.json": PackageResources.asyncapi_json,
        "/schemas/commands.json": PackageResources.commands_json,
        "/schemas/frames.json": PackageResources.frames_json, "/schemas/rest.json": PackageResources.rest_json,
    ].mapValues { String(decoding: $0, as: UTF8.self) }

    /// What is served at a path.
    static func at(_ path: String) -> HTTPResponse? {
        texts[path].map { text in
            HTTPResponse(
                status: 200, headers: ["cache-control": "no-cache", "access-control-allow-origin": "*"],
                contentType: path.hasPrefix("/schemas/") ? "application/schema+json" : "application/json", text: text)
        }
    }
}
