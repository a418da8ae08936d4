/// The stages that a process may run.
enum Stage: String, CaseIterable, Sendable {
    case feed, process, write, broadcast

    /// Whether the stage talks to Postgres.
    var needsPostgres: Bool { self == .write }
}
