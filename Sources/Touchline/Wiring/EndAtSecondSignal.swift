import Glibc

/// After the first signal has begun the drain, the next one ends the process as if nobody handled it.
enum EndAtSecondSignal {
    static func arm() {
        for number in [SIGTERM, SIGINT] { signal(number, SIG_DFL) }
    }
}
