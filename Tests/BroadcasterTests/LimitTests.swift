import Testing
import WebSocketTransport

@testable import Broadcaster

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a process takes for itself, and what it counts.
struct LimitTests {
    @Test func asManyFilesAsTheSystemAllows() {
        DescriptorLimit.raise()
        var limit = rlimit()
        #if canImport(Glibc)
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
            getrlimit(RLIMIT_NOFILE, &limit)
        #endif
        #expect(limit.rlim_cur == limit.rlim_max)
    }

    /// Those of docs/subscribers.md: each has a counter that begins at 0.
    @Test func everyCloseCodeIsCounted() {
        let codes = [4001, 4003, 4008, 4010, 4011, 4012, 4013, 4029, 4030, 4040, 4050]
        #expect(CloseCode.ofSubscribers.map { Int($0.rawValue) }.sorted() == codes)
    }
}
