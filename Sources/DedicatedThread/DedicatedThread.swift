// SPDX-License-Identifier: Apache-2.0
import Glibc

/// One named thread that runs the jobs of whatever is isolated to it: the executor of an actor that blocks in C, and of
/// tasks that prefer to run where such an actor is.
///
/// The thread lives until `stop()`, which the owning actor calls from its `deinit`; it keeps itself alive until then.
/// Jobs run one at a time, in the order in which they were enqueued.
///
/// `@unchecked Sendable`, in three facts. What mutates: `jobs` and the flags (`thread` and `name` are written once, in
/// `init`, before the thread runs). What protects it: `mutex`, held for every access to them. Which
/// threads come: any thread enqueues and asks; only the own thread takes jobs; the owner alone stops.
package final class DedicatedThread: SerialExecutor, TaskExecutor, @unchecked Sendable {
    /// The name that `top -H` and perf show; Linux cuts it at 15 bytes.
    package let name: String

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wakeUp = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var thread = pthread_t()
    private var jobs: [UnownedJob] = []
    private var isAsleep = false
    private var isStopping = false
    private var hasEnded = false

    package init(name: String) {
        self.name = String(decoding: name.utf8.prefix(15), as: UTF8.self)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wakeUp, nil)
        // Held across the creation, so that `thread` is set before the new thread can look at it.
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        start()
    }

    deinit {
        precondition(jobs.isEmpty, "jobs were enqueued on thread \(name) after it was stopped")
        pthread_cond_destroy(wakeUp)
        pthread_mutex_destroy(mutex)
        wakeUp.deallocate()
        mutex.deallocate()
    }

    /// Ends the thread once nothing is enqueued any more, and waits for that, unless the caller is that thread.
    /// Nothing may be enqueued afterwards: that traps. A second call does nothing.
    package func stop() {
        pthread_mutex_lock(mutex)
        let isFirst = !isStopping
        isStopping = true
        pthread_mutex_unlock(mutex)
        guard isFirst else { return }
        pthread_cond_signal(wakeUp)
        // The last reference to an actor may go away in one of its own jobs: a thread cannot join itself.
        if isCurrent {
            pthread_detach(thread)
        } else {
            pthread_join(thread, nil)
        }
    }

    // MARK: SerialExecutor

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pthread_mutex_lock(mutex)
        precondition(!hasEnded, "a job was enqueued on thread \(name) after its end: it would wait for ever")
        jobs.append(job)
        // Retained while the thread is woken: the job may be its last, and executors are not retained by who enqueues.
        let sleeper = isAsleep ? Unmanaged.passRetained(self) : nil
        isAsleep = false
        pthread_mutex_unlock(mutex)
        // Signalled without the mutex, or the thread would wake only to wait for it.
        if let sleeper {
            pthread_cond_signal(wakeUp)
            sleeper.release()
        }
    }

    package func checkIsolated() {
        precondition(isCurrent, "code isolated to thread \(name) runs on another thread")
    }

    package func isIsolatingCurrentContext() -> Bool? { isCurrent }

    private var isCurrent: Bool { pthread_equal(thread, pthread_self()) != 0 }

    // MARK: The thread

    private func start() {
        let context = Unmanaged.passRetained(self)
        var inherited = sigset_t()
        var masked = SignalMask.asynchronous
        pthread_sigmask(SIG_SETMASK, &masked, &inherited)
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<DedicatedThread>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        pthread_sigmask(SIG_SETMASK, &inherited, nil)
        precondition(status == 0, "the system refused thread \(name): error \(status)")
    }

    private func run() {
        nameCurrentThread()
        var batch: [UnownedJob] = []
        while takeJobs(&batch) {
            for job in batch { job.runSynchronously(on: asUnownedSerialExecutor()) }
            batch.removeAll(keepingCapacity: true)
        }
    }

    /// Through the file that stands for it, because `pthread_setname_np` is not visible to Swift. Only a convenience:
    /// where there is no `/proc`, the thread keeps the name of the process.
    private func nameCurrentThread() {
        guard let file = fopen("/proc/thread-self/comm", "w") else { return }
        fputs(name, file)
        fclose(file)
    }

    /// Swaps everything enqueued into `batch`, sleeping while there is nothing; false when stopped and drained.
    private func takeJobs(_ batch: inout [UnownedJob]) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while jobs.isEmpty {
            if isStopping {
                hasEnded = true
                return false
            }
            isAsleep = true
            pthread_cond_wait(wakeUp, mutex)
            isAsleep = false
        }
        swap(&batch, &jobs)
        return true
    }
}

/// The signals that a dedicated thread leaves to the rest of the process.
private enum SignalMask {
    /// All but those that a fault of the thread itself raises. SIGPIPE is masked with the others: a library that writes
    /// to a closed socket here gets EPIPE instead of ending the process.
    static var asynchronous: sigset_t {
        var set = sigset_t()
        sigfillset(&set)
        for fault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT] { sigdelset(&set, fault) }
        return set
    }
}
