extension PostgresServer {
    /// Throws away what this server holds and makes it a streaming standby of `primary`, which has to run.
    package func follow(_ primary: PostgresServer) async throws(DevServicesError) {
        await halt(mode: .immediate)
        SystemFile.remove(dataDirectory)
        try await copyCluster(of: primary)
        try await restart()
    }

    /// Ends the standby's recovery: it takes writes when this returns.
    package func promote() async throws(DevServicesError) {
        try await execute("SELECT pg_promote()")
    }
}
