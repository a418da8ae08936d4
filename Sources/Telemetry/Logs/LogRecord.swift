import Logging

/// What one line of the log says, without its time; secrets are masked already.
struct LogRecord: Sendable, Equatable {
    let level: Logger.Level
    let component: String
    let message: String
    /// Sorted by key; none is named like what every line has.
    let fields: [Field]

    struct Field: Sendable, Hashable {
        let key: String
        let value: String
    }

    /// What makes two lines the same.
    struct Likeness: Hashable {
        fileprivate let level: Logger.Level
        fileprivate let component: String
        fileprivate let message: String
        fileprivate let fields: [Field]
    }

    private static let reserved: Set<String> = ["ts", "level", "component", "msg", "suppressed"]

    init(level: Logger.Level, component: String, message: String, metadata: Logger.Metadata) {
        self.level = level
        self.component = component
        self.message = SecretMask.masked(message)
        fields = metadata.sorted { $0.key < $1.key }.map { key, content in
            let text = SecretMask.isSecret(key: key) ? SecretMask.mask : SecretMask.masked("\(content)")
            return Field(key: Self.reserved.contains(key) ? "\(key)_" : key, value: text)
        }
    }

    /// Of warnings and errors the level, the component, the message and the feed, because their other values differ
    /// from one to the next; of what merely informs everything. Nil for what is never left out: what is printed for
    /// debugging, and the answer to somebody who asked.
    var likeness: Likeness? {
        guard level >= .info, !fields.contains(where: { $0.key == LogKey.asked }) else { return nil }
        let telling = level >= .warning ? fields.filter { $0.key == LogKey.feed } : fields
        return Likeness(level: level, component: component, message: message, fields: telling)
    }
}
