import Glibc
import Synchronization

/// A program that we started and that is directly our child, so that signals reach it and its end is seen.
///
/// Each child has a thread that starts it and waits for it. The kernel's parent-death signal is bound to the thread that
/// started the child, not to the process: that thread therefore lives exactly as long as the child.
package final class ChildProcess: Sendable {
    package let pid: Int32
    /// The program's name, for messages.
    package let name: String
    private let capture: Int32?
    private let state = Mutex(State())

    private struct State {
        var outcome: ProcessOutcome?
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter = 0
    }

    private init(pid: Int32, name: String, capture: Int32?) {
        self.pid = pid
        self.name = name
        self.capture = capture
    }

    deinit {
        if let capture { close(capture) }
    }

    /// Starts a child. It runs until it ends by itself, is signalled, or we die.
    package static func start(_ launch: ProcessLaunch) async throws(DevServicesError) -> ChildProcess {
        let name = launch.program.split(separator: "/").last.map(String.init) ?? launch.program
        let words = try launch.words()
        let result: Result<ChildProcess, DevServicesError> = await withCheckedContinuation { continuation in
            let isStarted = BlockingThread.start {
                do throws(DevServicesError) {
                    let spawned = try ProcessSpawn.spawn(words, launch)
                    let child = ChildProcess(pid: spawned.pid, name: name, capture: spawned.capture)
                    continuation.resume(returning: .success(child))
                    child.waitForEnd()
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            if !isStarted { continuation.resume(returning: .failure(.spawnFailed(name, reason: "no thread"))) }
        }
        return try result.get()
    }

    /// Starts a program, waits for its end and returns how it ended with what it wrote.
    package static func run(
        _ program: String, _ arguments: [String], environment: [String: String]? = nil, user: ServiceUser? = nil
    ) async throws(DevServicesError) -> (outcome: ProcessOutcome, output: String) {
        var launch = ProcessLaunch(program, arguments)
        launch.environment = environment
        launch.user = user
        launch.directory = "/"
        launch.output = .capture
        let child = try await start(launch)
        return (await child.wait(), child.capturedOutput())
    }

    /// The child's thread: blocks until the end. The child stays a zombie until the lock is held, so that `signal` never
    /// hits a pid that was given to someone else.
    private func waitForEnd() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        let waiters = state.withLock { state in
            var status: Int32 = 0
            var usage = rusage()
            while wait4(pid, &status, 0, &usage) < 0, errno == EINTR {}
            state.outcome = ProcessOutcome(waitStatus: status, usage: usage)
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// How the child ended; nil while it runs.
    package var outcome: ProcessOutcome? { state.withLock { $0.outcome } }

    package var isRunning: Bool { outcome == nil }

    /// Sends a signal; does nothing when the child has ended.
    package func signal(_ number: Int32) {
        state.withLock { state in
            if state.outcome == nil { _ = Glibc.kill(pid, number) }
        }
    }

    /// Waits for the end, even in a task that was cancelled.
    package func wait() async -> ProcessOutcome {
        while true {
            if let outcome { return outcome }
            await withCheckedContinuation { register($0) }
        }
    }

    /// Waits for the end, but not longer than `limit` and not after the task was cancelled.
    package func wait(atMost limit: Duration) async -> ProcessOutcome? {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.waitUnlessCancelled() }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
        return outcome
    }

    /// Asks the child to end and kills it if it has not after `patience`. Finishes its work in a cancelled task too.
    @discardableResult
    package func end(with number: Int32 = SIGTERM, killAfter patience: Duration = .seconds(10)) async -> ProcessOutcome
    {
        signal(number)
        // A thread and not a task: a cancelled task cannot sleep.
        let isTimed = BlockingThread.start { [self] in
            let deadline = ContinuousClock.now + patience
            while isRunning, ContinuousClock.now < deadline { usleep(10_000) }
            self.signal(SIGKILL)
        }
        if !isTimed { self.signal(SIGKILL) }
        return await wait()
    }

    /// What the child has written so far, if its output is `.capture`.
    package func capturedOutput() -> String {
        capture.map { SystemFile.contents(of: $0, from: 0) } ?? ""
    }

    private func register(_ waiter: CheckedContinuation<Void, Never>, number: Int? = nil) {
        let isOver = state.withLock { state in
            guard state.outcome == nil else { return true }
            state.lastWaiter += 1
            state.waiters[number ?? state.lastWaiter] = waiter
            return false
        }
        if isOver { waiter.resume() }
    }

    private func waitUnlessCancelled() async {
        let number = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                register(waiter, number: number)
                // Cancelled before it was registered: the handler found nothing to resume.
                if Task.isCancelled { abandon(number) }
            }
        } onCancel: {
            abandon(number)
        }
    }

    private func abandon(_ number: Int) {
        state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
    }
}
