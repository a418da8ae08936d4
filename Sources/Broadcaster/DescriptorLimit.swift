#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How many files this process may have open: every connection is one.
enum DescriptorLimit {
    /// Takes what the system allows, which is often far more than what it begins with. Returns how many those are.
    @discardableResult
    static func raise() -> UInt64 {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 0 }
        let former = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        // Where that is refused, as for "unlimited" on some systems, the former limit holds.
        return UInt64(setrlimit(resource, &limit) == 0 ? limit.rlim_cur : former)
    }

    #if canImport(Glibc)
        private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let resource = RLIMIT_NOFILE
    #endif
}
