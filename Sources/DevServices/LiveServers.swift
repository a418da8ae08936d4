import Dispatch
import Glibc
import Synchronization

/// The servers of this process that run now, so that its exit stops them.
///
/// Three nets, one under the other: `exit` runs `stopAll`; any other death makes the kernel signal the servers; what
/// survives that (and the directory) is found by the next start, see `RunDirectory`.
package enum LiveServers {
    private struct Entry {
        var child: ChildProcess
        var stopSignal: Int32
        var directory: RunDirectory
        var name: String
    }

    private static let entries = Mutex<[pid_t: Entry]>([:])
    private static let exitHandler: Int32 = atexit { LiveServers.stopAll() }
    private static let signalSources = Mutex<[any DispatchSourceSignal]>([])

    static func add(
        _ child: ChildProcess, name: String, stopSignal: Int32, directory: RunDirectory
    ) throws(DevServicesError) {
        _ = exitHandler
        entries.withLock {
            $0[child.pid] = Entry(child: child, stopSignal: stopSignal, directory: directory, name: name)
        }
        try directory.record(child, as: name, stopSignal: stopSignal)
    }

    static func remove(_ child: ChildProcess) {
        guard let entry = entries.withLock({ $0.removeValue(forKey: child.pid) }) else { return }
        entry.directory.forget(entry.name)
    }

    /// Stops everything at once and removes temporary directories. Blocks, at most a few seconds.
    package static func stopAll() {
        let stopping = entries.withLock { entries in
            defer { entries = [:] }
            return Array(entries.values)
        }
        for entry in stopping { entry.child.signal(entry.stopSignal) }
        let deadline = ContinuousClock.now + .seconds(5)
        for entry in stopping {
            while entry.child.isRunning, ContinuousClock.now < deadline { usleep(5_000) }
            entry.child.signal(SIGKILL)
            while entry.child.isRunning, ContinuousClock.now < deadline + .seconds(1) { usleep(5_000) }
            entry.directory.forget(entry.name)
            entry.directory.release()
        }
    }

    /// Makes SIGINT, SIGTERM and SIGHUP stop the servers before they end this process. For programs that do not handle
    /// these signals themselves, such as test runs.
    package static func stopOnSignals() {
        signalSources.withLock { sources in
            guard sources.isEmpty else { return }
            for number in [SIGINT, SIGTERM, SIGHUP] {
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler {
                    stopAll()
                    signal(number, SIG_DFL)
                    kill(getpid(), number)
                }
                source.activate()
                sources.append(source)
            }
        }
    }
}
