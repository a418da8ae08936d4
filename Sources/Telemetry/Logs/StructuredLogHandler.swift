package import Logging

/// Writes log lines as the settings of its output say, with secrets masked and like lines limited to one per ten
/// seconds.
package struct StructuredLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    private let component: String
    private let output: LogOutput
    private let threshold: LogThreshold
    private var ownLevel: Logger.Level?

    /// - Parameter label: `touchline.writer` is the component `writer`; `touchline` is the process itself.
    package init(label: String, output: LogOutput = .standardError) {
        component = label.hasPrefix("touchline.") ? String(label.dropFirst("touchline.".count)) : label
        self.output = output
        threshold = output.threshold(of: component)
    }

    /// The component's, which may change; one that is set holds for this logger alone, and for good.
    package var logLevel: Logger.Level {
        get { ownLevel ?? threshold.level }
        set { ownLevel = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var merged = metadata
        if let provided = metadataProvider?.get() { merged.merge(provided) { _, new in new } }
        if let given = event.metadata { merged.merge(given) { _, new in new } }
        if let error = event.error { merged[LogKey.error] = "\(error)" }
        output.log(
            LogRecord(
                level: event.level, component: component, message: event.message.description, metadata: merged))
    }

    /// Makes every logger of the process write through this handler. Once, first thing in `main`.
    package static func bootstrap(_ settings: LogSettings) {
        LogOutput.standardError.apply(settings)
        LoggingSystem.bootstrap { StructuredLogHandler(label: $0) }
    }
}
