import FoundationEssentials
import Synchronization

/// How one connection, or whatever else a stage cannot work without, is doing.
package enum ComponentHealth: Sendable, Equatable {
    case up
    /// Works, but not as it should; the text says what is wrong.
    case degraded(String)
    /// Does not work; the text is the last error.
    case down(String)
}

/// A component, and how it is doing.
package struct ComponentReport: Sendable, Equatable {
    package let name: String
    package let health: ComponentHealth

    package init(name: String, health: ComponentHealth) {
        self.name = name
        self.health = health
    }
}

/// What every part of the process says of itself: the source of `/health/ready` and of `status`.
///
/// Components are named by who reports them, `redis`, `postgres`, `feed book-a`. Reporting is cheap enough for every
/// batch; saying the same again changes nothing. Called from any thread.
package final class HealthRegistry: Sendable {
    private struct Component {
        var health: ComponentHealth
        var since: Int64
        var isOptional: Bool
        var lastError: String?
        var lastErrorAt: Int64?
    }

    private let components = Mutex<[String: Component]>([:])
    private let now: @Sendable () -> Int64

    /// - Parameter now: the wall clock in microseconds since 1970.
    package init(now: @escaping @Sendable () -> Int64 = { SystemTime.now }) {
        self.now = now
    }

    /// Announces a component before it has tried anything: it counts as down until it reports.
    ///
    /// - Parameter isOptional: readiness does not depend on it.
    package func expect(_ name: String, isOptional: Bool = false) {
        let time = now()
        components.withLock { components in
            guard components[name] == nil else {
                components[name]?.isOptional = isOptional
                return
            }
            components[name] = Component(health: .down("not connected yet"), since: time, isOptional: isOptional)
        }
    }

    /// A component's state now. One that was not expected is a required one.
    package func report(_ name: String, _ health: ComponentHealth) {
        let time = now()
        components.withLock { components in
            var component = components[name] ?? Component(health: health, since: time, isOptional: false)
            // `since` tells how long it has been up, degraded or down; another error text does not restart it.
            if !component.health.isSameKind(as: health) { component.since = time }
            if let error = health.error, component.health != health || component.lastError == nil {
                component.lastError = error
                component.lastErrorAt = time
            }
            component.health = health
            components[name] = component
        }
    }

    /// Forgets a component that is no longer ours, such as a feed that another process took.
    package func remove(_ name: String) {
        components.withLock { _ = $0.removeValue(forKey: name) }
    }

    /// What a component last reported; nil if it is unknown.
    package func health(of name: String) -> ComponentHealth? {
        components.withLock { $0[name]?.health }
    }

    /// Every component, sorted by name.
    package var reports: [ComponentReport] {
        components.withLock { $0 }.map { ComponentReport(name: $0.key, health: $0.value.health) }
            .sorted { $0.name < $1.name }
    }

    /// Ready: no required component is down.
    package var isReady: Bool {
        components.withLock { Self.isReady($0) }
    }

    /// The body of `/health/ready`, which is answered with 200 when ready and 503 when not.
    package func readyDocument() -> (isReady: Bool, json: String) {
        let snapshot = components.withLock { $0 }
        let isReady = Self.isReady(snapshot)
        let document = Document(ready: isReady, components: snapshot.mapValues(ComponentDocument.init))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts and integers only, which JSON can always express.
        let json = (try? encoder.encode(document)).map { String(decoding: $0, as: UTF8.self) }
        return (isReady, json ?? #"{"ready":\#(isReady)}"#)
    }

    private static func isReady(_ components: [String: Component]) -> Bool {
        components.values.allSatisfy { component in
            if case .down = component.health { component.isOptional } else { true }
        }
    }

    private struct Document: Encodable {
        var ready: Bool
        var components: [String: ComponentDocument]
    }

    private struct ComponentDocument: Encodable {
        var state: String
        var since: String
        var required: Bool
        var error: String?
        var lastError: String?
        var lastErrorAt: String?

        init(_ component: Component) {
            state = component.health.name
            since = SystemTime.text(component.since)
            required = !component.isOptional
            error = component.health.error.map(SecretMask.masked)
            lastError = component.lastError.map(SecretMask.masked)
            lastErrorAt = component.lastErrorAt.map(SystemTime.text)
        }

        enum CodingKeys: String, CodingKey {
            case state, since, required, error
            case lastError = "last_error"
            case lastErrorAt = "last_error_at"
        }
    }
}

extension ComponentHealth {
    /// `up`, `degraded` or `down`.
    package var name: String {
        switch self {
        case .up: "up"
        case .degraded: "degraded"
        case .down: "down"
        }
    }

    /// What is wrong; nil when nothing is.
    package var error: String? {
        switch self {
        case .up: nil
        case .degraded(let error), .down(let error): error
        }
    }

    fileprivate func isSameKind(as other: ComponentHealth) -> Bool { name == other.name }
}
