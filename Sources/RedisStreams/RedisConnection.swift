// SPDX-License-Identifier: Apache-2.0
import DedicatedThread

/// One connection to Redis on a thread of its own, which is where its calls block.
///
/// Every call is bounded by `timeout`. Any error of the socket closes the connection and throws `.connectionLost`; so
/// does every later call until `connect()` is called again. Nothing is ever sent a second time by itself: after a loss
/// the caller does not know what was carried out and reads the last entry. A connection for blocking reads does nothing
/// else.
package actor RedisConnection {
    package nonisolated let endpoint: RedisEndpoint
    /// The name of the thread and of the client in `CLIENT LIST`.
    package nonisolated let name: String
    private nonisolated let place: WorkPlace
    private let timeout: Duration
    private var openWire: Wire?

    /// - Parameters:
    ///   - name: at most 15 characters, without spaces.
    ///   - timeout: bounds connecting, and each wait for the socket; above the longest `block` of any read.
    ///   - other: a connection whose thread this one shares; while either blocks, the other waits.
    package init(
        endpoint: RedisEndpoint, name: String, timeout: Duration = .seconds(5),
        sharingThreadOf other: RedisConnection? = nil
    ) {
        self.endpoint = endpoint
        self.name = name
        self.timeout = timeout
        place = other?.place ?? WorkPlace(name: name)
    }

    /// The connection's thread. An actor that returns this as its own executor, and keeps the connection, calls it
    /// without a change of threads: two wake-ups fewer per call.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { place.thread.asUnownedSerialExecutor() }

    /// The same for a task: one that prefers this executor calls the connection without a change of threads. Whoever uses it
    /// keeps the connection until the task has ended.
    package nonisolated var taskExecutor: any TaskExecutor { place.thread }

    /// Whether the connection was whole when it was last used.
    package var isConnected: Bool { openWire != nil }

    /// Connects, logs in, selects the database. Does nothing when connected.
    package func connect() throws(RedisError) {
        guard openWire == nil else { return }
        let wire = try Wire(to: endpoint, timeout: timeout)
        let endpoint = endpoint
        let name = name
        if let password = endpoint.password {
            _ = try wire.request { buffer in
                buffer.begin(endpoint.user == nil ? 2 : 3)
                buffer.argument("AUTH")
                if let user = endpoint.user { buffer.argument(user) }
                buffer.argument(password)
            }
        }
        _ = try wire.request { buffer in
            buffer.begin(2)
            buffer.argument("SELECT")
            buffer.argument(endpoint.database)
        }
        _ = try wire.request { buffer in
            buffer.begin(3)
            buffer.argument("CLIENT")
            buffer.argument("SETNAME")
            buffer.argument(name)
        }
        openWire = wire
    }

    /// Closes the socket. The thread ends with the last connection object on it.
    package func close() { openWire = nil }

    /// Runs one command; a refusal is thrown.
    package func command(_ arguments: [RedisArgument]) throws(RedisError) -> RedisValue {
        try request { $0.command(arguments) }.view.value
    }

    /// Sends all commands in one write and reads all replies; refusals are values, because the others were carried out.
    package func pipeline(_ commands: [[RedisArgument]]) throws(RedisError) -> [RedisValue] {
        try onWire { wire throws(RedisError) in
            let due = try wire.send { buffer in
                for command in commands { buffer.command(command) }
            }
            var values: [RedisValue] = []
            values.reserveCapacity(due)
            for _ in 0..<due { values.append(try wire.receive().view.value) }
            return values
        }
    }

    // MARK: For the extensions of this module

    /// The longest wait that a blocking read may ask for: short enough that the socket's own bound never strikes first.
    var longestBlock: Duration { timeout / 2 }

    /// Sends one command and reads its reply; a refusal is thrown.
    func request(_ encode: (inout CommandBuffer) -> Void) throws(RedisError) -> Reply {
        let wire = try wire()
        do {
            return try wire.request(encode)
        } catch {
            throw noted(error)
        }
    }

    /// Runs `body` against the open socket and drops it when the connection is lost underway.
    func onWire<Result>(_ body: (Wire) throws(RedisError) -> Result) throws(RedisError) -> Result {
        let wire = try wire()
        do {
            return try body(wire)
        } catch {
            throw noted(error)
        }
    }

    private func wire() throws(RedisError) -> Wire {
        guard let openWire else { throw .connectionLost("not connected") }
        return openWire
    }

    private func noted(_ error: RedisError) -> RedisError {
        if case .connectionLost = error { openWire = nil }
        return error
    }
}

/// The thread of one connection or more: it ends with the last of them.
private final class WorkPlace: Sendable {
    let thread: DedicatedThread

    init(name: String) { thread = DedicatedThread(name: name) }

    deinit { thread.stop() }
}

extension CommandBuffer {
    mutating func command(_ arguments: [RedisArgument]) {
        begin(arguments.count)
        for argument in arguments { self.argument(argument) }
    }
}
