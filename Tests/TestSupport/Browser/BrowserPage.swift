import Foundation
import Synchronization

/// A page in the browser: what people do with one, what it shows, what it asked for and what went wrong in it.
package final class BrowserPage: Sendable {
    /// What was waited for did not come.
    package struct Unmet: Error, CustomStringConvertible {
        package let description: String
    }

    private let connection: DevToolsConnection
    private let session: String
    private let record = Mutex(PageRecord())

    private init(_ connection: DevToolsConnection, session: String) {
        self.connection = connection
        self.session = session
    }

    static func make(in context: String, of connection: DevToolsConnection) async throws -> BrowserPage {
        struct Target: Decodable { let targetId: String }
        struct Session: Decodable { let sessionId: String }
        let target = try await connection.call(
            "Target.createTarget", ["url": "about:blank", "browserContextId": .text(context)], as: Target.self)
        let session = try await connection.call(
            "Target.attachToTarget", ["targetId": .text(target.targetId), "flatten": true], as: Session.self)
        let page = BrowserPage(connection, session: session.sessionId)
        connection.listen(to: page.session) { [weak page] event, message in
            page?.record.withLock { $0.take(event, message) }
        }
        for domain in ["Page", "Runtime", "Network", "Log"] { try await page.command("\(domain).enable") }
        // Keys go to the page although no window has the focus.
        try await page.command("Emulation.setFocusEmulationEnabled", ["enabled": true])
        try await page.resize(width: 1_280, height: 900)
        return page
    }

    deinit { connection.forget(session) }

    /// Addresses of everything that was asked for so far.
    package var requests: [String] { record.withLock { $0.requests } }

    /// Exceptions, and what the console says as a warning or an error.
    package var problems: [String] { record.withLock { $0.problems } }

    private func command(_ method: String, _ parameters: DevToolsValue = [:]) async throws {
        _ = try await connection.call(method, parameters, session: session)
    }

    // MARK: Looking

    /// Goes to an address.
    package func open(_ url: String) async throws {
        struct Navigation: Decodable { let errorText: String? }
        let answer = try await connection.call(
            "Page.navigate", ["url": .text(url)], session: session, as: Navigation.self)
        if let error = answer.errorText { throw Unmet(description: "\(url) could not be opened: \(error)") }
        try await until("location.href === \(Self.quoted(url)) && document.readyState === 'complete'")
    }

    /// What an expression of JavaScript gives.
    package func evaluate<Value: Decodable & Sendable>(
        _ expression: String, as type: Value.Type = Value.self
    ) async throws -> Value {
        let answer = try await connection.call(
            "Runtime.evaluate",
            ["expression": .text(expression), "returnByValue": true, "awaitPromise": true, "userGesture": true],
            session: session, as: Evaluation<Value>.self)
        if let failure = answer.exceptionDetails {
            throw Unmet(description: "\(expression): \(failure.exception?.description ?? failure.text)")
        }
        guard let value = answer.result.value else { throw Unmet(description: "\(expression) gives nothing") }
        return value
    }

    /// Does something in the page.
    package func run(_ statements: String) async throws {
        _ = try await evaluate("(() => { \(statements) ; return true })()", as: Bool.self)
    }

    /// Waits until an expression is true; what it throws counts as not yet.
    package func until(_ condition: String) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        let guarded = "(() => { try { return Boolean(\(condition)) } catch { return false } })()"
        while ContinuousClock.now < deadline {
            // While a page is replaced by the next, there is nothing to evaluate in.
            if (try? await evaluate(guarded, as: Bool.self)) == true { return }
            try await Task.sleep(for: .milliseconds(25))
        }
        let text = try? await evaluate("document.body.innerText", as: String.self)
        throw Unmet(
            description:
                "not within 30 s: \(condition). Problems: \(problems). The page says: \(text?.prefix(1_500) ?? "")")
    }

    /// Leaves a picture of the page in the folder `TOUCHLINE_SHOTS`, if that is set: for people who change how it looks.
    package func photograph(_ name: String) async throws {
        guard let folder = ProcessInfo.processInfo.environment["TOUCHLINE_SHOTS"] else { return }
        struct Picture: Decodable { let data: Data }
        let picture = try await connection.call(
            "Page.captureScreenshot", ["format": "png"], session: session, as: Picture.self)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try picture.data.write(to: URL(fileURLWithPath: "\(folder)/\(name).png"))
    }

    // MARK: Using

    /// Presses a key and lets it go.
    package func press(_ key: BrowserKey) async throws {
        var parameters: [String: DevToolsValue] = [
            "type": "keyDown", "key": .text(key.name), "code": .text(key.code),
            "windowsVirtualKeyCode": .number(Double(key.number)), "modifiers": key.hasShift ? 8 : 0,
        ]
        if let text = key.text { parameters["text"] = .text(text) }
        try await command("Input.dispatchKeyEvent", .object(parameters))
        parameters["type"] = "keyUp"
        parameters["text"] = nil
        try await command("Input.dispatchKeyEvent", .object(parameters))
    }

    /// Presses the keys of a text.
    package func type(_ text: String) async throws {
        for character in text { try await press(BrowserKey(character)) }
    }

    /// Clicks into the middle of the first element that a selector finds.
    package func click(_ selector: String) async throws {
        let middle = """
            (() => { const found = document.querySelector(\(Self.quoted(selector)));
            found.scrollIntoView({ block: 'center', behavior: 'instant' });
            const { left, top, width, height } = found.getBoundingClientRect();
            return [left + width / 2, top + height / 2]; })()
            """
        let point = try await evaluate(middle, as: [Double].self)
        for type in ["mousePressed", "mouseReleased"] {
            try await command(
                "Input.dispatchMouseEvent",
                [
                    "type": .text(type), "x": .number(point[0]), "y": .number(point[1]), "button": "left",
                    "clickCount": 1,
                ])
        }
    }

    /// A text as a literal of JavaScript.
    package static func quoted(_ text: String) -> String {
        let data = (try? JSONEncoder().encode(text)) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    // MARK: Surroundings

    /// A window of this size.
    package func resize(width: Int, height: Int, isPhone: Bool = false) async throws {
        try await command(
            "Emulation.setDeviceMetricsOverride",
            [
                "width": .number(Double(width)), "height": .number(Double(height)),
                "deviceScaleFactor": isPhone ? 2 : 1, "mobile": .flag(isPhone),
            ])
        try await command("Emulation.setTouchEmulationEnabled", ["enabled": .flag(isPhone)])
    }

    /// The system's settings, as `prefers-color-scheme: dark`.
    package func prefer(_ features: [String: String]) async throws {
        let features = features.map { DevToolsValue.object(["name": .text($0.key), "value": .text($0.value)]) }
        try await command("Emulation.setEmulatedMedia", ["features": .list(features)])
    }
}

/// What `Runtime.evaluate` answers.
private struct Evaluation<Value: Decodable & Sendable>: Decodable, Sendable {
    struct Remote: Decodable, Sendable { let value: Value? }
    struct Failure: Decodable, Sendable {
        struct Thrown: Decodable, Sendable { let description: String? }

        let text: String
        let exception: Thrown?
    }

    let result: Remote
    let exceptionDetails: Failure?
}
