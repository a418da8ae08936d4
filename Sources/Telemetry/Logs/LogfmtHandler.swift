package import Logging

/// Writes log lines as logfmt, with secrets masked and equal warnings and errors limited to one per ten seconds.
package struct LogfmtHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let output: LogOutput

    package init(label: String, level: Logger.Level = .info, output: LogOutput = .standardError) {
        self.label = label
        self.output = output
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var merged = metadata
        if let provided = metadataProvider?.get() { merged.merge(provided) { _, new in new } }
        if let given = event.metadata { merged.merge(given) { _, new in new } }
        if let error = event.error { merged["error"] = "\(error)" }
        let body = LogLine.body(
            level: event.level, message: event.message.description, logger: label, metadata: merged)
        output.log(body, isLimited: event.level >= .warning)
    }

    /// Makes every logger of the process write through this handler. Once, first thing in `main`.
    package static func bootstrap(level: Logger.Level) {
        LoggingSystem.bootstrap { LogfmtHandler(label: $0, level: level) }
    }
}
