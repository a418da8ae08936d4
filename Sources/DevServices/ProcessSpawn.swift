import Glibc

/// The call that makes a child: `posix_spawn`, because a process with threads cannot safely run Swift between fork and exec.
enum ProcessSpawn {
    /// `POSIX_SPAWN_SETSID`, which glibc hides from Swift behind `_GNU_SOURCE`.
    private static let setSessionFlag: Int32 = 0x80

    static func spawn(
        _ words: [String], _ launch: ProcessLaunch
    ) throws(DevServicesError) -> (pid: pid_t, capture: Int32?) {
        var descriptors = Descriptors()
        defer { descriptors.closeAll() }
        let input = try descriptors.open(launch.input ?? "/dev/null", O_RDONLY)
        let output = try descriptors.open(launch.output, standard: 1)
        let errors = try launch.errors.map { output throws(DevServicesError) in
            try descriptors.open(output, standard: 2)
        }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, errors ?? output, 2)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        for descriptor in inheritableDescriptors() { posix_spawn_file_actions_addclose(&actions, descriptor) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        configure(&attributes, launch)

        var pid: pid_t = 0
        let code = withCStrings(words) { arguments in
            withCStrings(launch.environmentWords) { environment in
                posix_spawn(&pid, words[0], &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else { throw .spawnFailed(launch.program, reason: String(cString: strerror(code))) }
        return (pid, descriptors.takeCapture())
    }

    /// Signals that we ignore or block (SIGPIPE, for one) must not be so in the child.
    private static func configure(_ attributes: inout posix_spawnattr_t, _ launch: ProcessLaunch) {
        var flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        if launch.hasOwnSession { flags |= setSessionFlag }
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
    }

    /// Our descriptors above standard error that would survive exec: sockets, mostly, which a child must not keep open.
    private static func inheritableDescriptors() -> [Int32] {
        SystemFile.entries(of: "/proc/self/fd").compactMap { Int32($0) }.filter { descriptor in
            guard descriptor > 2 else { return false }
            let flags = fcntl(descriptor, F_GETFD)
            return flags >= 0 && flags & FD_CLOEXEC == 0
        }
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = strings.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }
}

/// The files that a child is given; closed on our side when it has them.
private struct Descriptors {
    private var opened: [Int32] = []
    private var capture: Int32?

    mutating func open(_ path: String, _ flags: Int32) throws(DevServicesError) -> Int32 {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .file(path, reason: SystemFile.lastError) }
        opened.append(descriptor)
        return descriptor
    }

    mutating func open(_ output: ProcessLaunch.Output, standard: Int32) throws(DevServicesError) -> Int32 {
        switch output {
        case .discard: return try open("/dev/null", O_WRONLY)
        case .inherit: return standard
        case .file(let path): return try open(path, O_WRONLY | O_CREAT | O_APPEND)
        case .capture:
            if let capture { return capture }
            var template = Array("/tmp/touchline-output-XXXXXX".utf8CString)
            let descriptor = mkstemp(&template)
            guard descriptor >= 0 else { throw .file("/tmp", reason: SystemFile.lastError) }
            unlink(template)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            // Both streams may share it: append, or one overwrites the other.
            _ = fcntl(descriptor, F_SETFL, O_APPEND)
            capture = descriptor
            return descriptor
        }
    }

    /// The caller keeps the captured output's file.
    mutating func takeCapture() -> Int32? {
        defer { capture = nil }
        return capture
    }

    mutating func closeAll() {
        for descriptor in opened { close(descriptor) }
        if let capture { close(capture) }
        opened = []
        capture = nil
    }
}
