import Glibc
import Testing

@testable import DedicatedThread

/// An actor as an adapter has it: its state lives on one thread.
private actor Probe {
    private nonisolated let thread: DedicatedThread
    private var calls = 0

    init(name: String) { thread = DedicatedThread(name: name) }

    deinit { thread.stop() }

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    nonisolated var isIsolating: Bool? { thread.isIsolatingCurrentContext() }

    nonisolated func end() { thread.stop() }

    func currentThread() -> pthread_t { pthread_self() }

    /// What `top -H` shows for the thread.
    func currentName() -> String { ThreadFacts.name() }

    func masksBrokenPipe() -> Bool {
        var masked = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &masked)
        return sigismember(&masked, SIGPIPE) == 1 && sigismember(&masked, SIGSEGV) == 0
    }

    func count() -> Int {
        calls += 1
        return calls
    }

    nonisolated func assumeOnThread() -> Bool { assumeIsolated { _ in isIsolating == true } }

    func callsNonisolatedCode() -> Bool { assumeOnThread() }
}

private enum ThreadFacts {
    static func name() -> String {
        guard let file = fopen("/proc/thread-self/comm", "r") else { return "" }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 64)
        guard fgets(&line, 64, file) != nil else { return "" }
        return String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @concurrent static func poolThread() async -> pthread_t { pthread_self() }
}

@Suite(.timeLimit(.minutes(1)))
struct DedicatedThreadTests {
    @Test("every call of one actor runs on the same thread, which is not one of the pool")
    func sameThread() async {
        let probe = Probe(name: "probe")
        let first = await probe.currentThread()
        let second = await probe.currentThread()
        #expect(pthread_equal(first, second) != 0)
        for _ in 0..<50 {
            let pool = await ThreadFacts.poolThread()
            #expect(pthread_equal(first, pool) == 0)
        }
    }

    @Test("two actors have two threads")
    func ownThreads() async {
        let probes = (Probe(name: "one"), Probe(name: "two"))
        let threads = (await probes.0.currentThread(), await probes.1.currentThread())
        #expect(pthread_equal(threads.0, threads.1) == 0)
    }

    @Test(
        "the thread has its name, cut at what Linux keeps",
        arguments: [("redis-read", "redis-read"), ("a-name-that-is-too-long", "a-name-that-is-")])
    func name(given: String, shown: String) async {
        #expect(await Probe(name: given).currentName() == shown)
    }

    @Test("the thread knows whether it isolates the caller")
    func isolation() async {
        let probe = Probe(name: "probe")
        #expect(probe.isIsolating == false)
        #expect(await probe.callsNonisolatedCode())
    }

    @Test("signals are left to others, but for faults of the thread itself")
    func signals() async {
        #expect(await Probe(name: "probe").masksBrokenPipe())
    }

    @Test("calls from many tasks run one at a time and none is lost")
    func manyCallers() async {
        let probe = Probe(name: "probe")
        let callers = 8
        let callsEach = 500
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<callers {
                group.addTask { for _ in 0..<callsEach { _ = await probe.count() } }
            }
        }
        #expect(await probe.count() == callers * callsEach + 1)
    }

    @Test("stop ends the thread, and a second stop does nothing")
    func stop() async {
        weak var observed: DedicatedThread?
        do {
            let thread = DedicatedThread(name: "stopped")
            observed = thread
            thread.stop()
            thread.stop()
        }
        #expect(observed == nil)
    }

    @Test("a job for a thread that has ended traps instead of waiting for ever")
    func enqueuedTooLate() async {
        await #expect(processExitsWith: .failure) {
            let probe = Probe(name: "ended")
            probe.end()
            _ = await probe.count()
        }
    }

    @Test("an actor that is released in its own job does not wait for itself")
    func releasedOnItsOwnThread() async {
        for _ in 0..<200 {
            // The task holds the last reference and gives it up on the actor's thread or behind it.
            let task = Task { [probe = Probe(name: "short")] in await probe.count() }
            #expect(await task.value == 1)
        }
    }
}

/// Actors that are used once and let go of, by many at a time: whoever wakes the thread may still be at it when all is over.
@Suite struct ShortLivedThreadTests {
    private actor Clerk {
        private nonisolated let thread = DedicatedThread(name: "short-lived")
        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
        private var calls = 0

        deinit { thread.stop() }

        func call() -> Int {
            calls += 1
            return calls
        }
    }

    @Test func theLastCallMayEndTheThread() async {
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var calls = 0
                    for round in 0..<2_500 {
                        // Asleep by then, most of the time: only who sleeps is woken.
                        let clerk = Clerk()
                        if round.isMultiple(of: 2) { for _ in 0..<100 { await Task.yield() } }
                        calls += await clerk.call()
                    }
                    return calls
                }
            }
            for await calls in group { #expect(calls == 2_500) }
        }
    }
}
