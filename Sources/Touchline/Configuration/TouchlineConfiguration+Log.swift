import Logging
import Telemetry

extension TouchlineConfiguration {
    /// The components whose level may be set alone: the stages under their names in the configuration, the endpoint of
    /// metrics and health with what watches the process, and the process itself.
    static let logComponents = ["feed_client", "processor", "writer", "broadcaster", "operations", "touchline"]

    /// `log`: `level`, `levels` of components, `format`.
    mutating func readLog(_ section: ConfigurationReader) {
        log.level = section.logLevel("level") ?? log.level
        if let name = section.string("format") {
            if let format = LogFormat(rawValue: name) {
                log.format = format
            } else {
                section.reject("format", name, "one of \(LogFormat.allCases.map(\.rawValue).joined(separator: ", "))")
            }
        }
        let levels = section.section("levels")
        for component in Self.logComponents { log.levels[component] = levels.logLevel(component) }
        levels.rejectUnknownKeys()
        section.rejectUnknownKeys()
    }
}

extension ConfigurationReader {
    fileprivate func logLevel(_ key: String) -> Logger.Level? {
        guard let name = string(key) else { return nil }
        let level = Logger.Level(rawValue: name)
        if level == nil {
            reject(key, name, "one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return level
    }
}
