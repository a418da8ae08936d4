import FeedModel
import RedisStreams
import Synchronization

/// The status again and again: on a screen of the terminal, or as one text after the other.
struct TopView: Sendable {
    let configuration: TouchlineConfiguration
    let interval: Duration
    /// How many times; nil: until somebody ends it.
    let frames: Int?
    let screen: TerminalScreen?
    private let latest = LatestDatabase()

    init(_ configuration: TouchlineConfiguration, interval: Duration, frames: Int?, screen: TerminalScreen?) {
        self.configuration = configuration
        self.interval = interval
        self.frames = frames
        self.screen = screen
    }

    /// Returns when `frames` were shown or somebody quit.
    func run() async throws {
        // Postgres is asked beside the drawing, which it must not hold up; a view that ends by itself waits for it.
        if frames != nil { latest.set(await DatabaseStatus.read(configuration.postgresURL)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.show() }
            group.addTask { try await self.askPostgres() }
            if let screen { group.addTask { try await screen.waitForQuit() } }
            try await group.next()
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError {}
        }
    }

    private func askPostgres() async throws {
        while true {
            if frames == nil { latest.set(await DatabaseStatus.read(configuration.postgresURL)) }
            try await Task.sleep(for: .seconds(5))
        }
    }

    private func show() async throws {
        let redis = RedisConnection(endpoint: try configuration.redis, name: "top")
        var reader = StatusReader(configuration, redis)
        var frame = TopFrame(interval: interval)
        frame.note(try await read(&reader))
        var shown = 0
        while frames.map({ shown < $0 }) ?? true {
            try await Task.sleep(for: interval)
            frame.note(try await read(&reader))
            try draw(frame, isFirst: shown == 0)
            shown += 1
        }
        await redis.close()
    }

    /// A Redis that is away is shown and waited for; one that will not have us is an error.
    private func read(_ reader: inout StatusReader) async throws -> Result<StatusText, RedisError> {
        do {
            return .success(try await reader.read(database: latest.value))
        } catch let error as RedisError where error.isRetriable && frames == nil {
            return .failure(error)
        }
    }

    private func draw(_ frame: TopFrame, isFirst: Bool) throws {
        guard let screen else {
            let lines = (isFirst ? [] : [""]) + frame.lines(at: WallClock.now, columns: 80, rows: .max)
            return try OutputPipe.write(lines.joined(separator: "\n") + "\n")
        }
        let size = Terminal.size
        try screen.draw(frame.lines(at: WallClock.now, columns: size.columns, rows: size.rows), rows: size.rows)
    }
}

/// What Postgres said last.
private final class LatestDatabase: Sendable {
    private let status = Mutex<DatabaseStatus?>(nil)

    var value: DatabaseStatus? { status.withLock { $0 } }

    func set(_ status: DatabaseStatus?) { self.status.withLock { $0 = status } }
}

/// What is on the screen: a title, and the status as fully as it fits.
struct TopFrame: Sendable {
    let interval: Duration
    private var status: StatusText?
    private var trouble: RedisError?

    init(interval: Duration) { self.interval = interval }

    /// While Redis is away, what it said last stays.
    mutating func note(_ reading: Result<StatusText, RedisError>) {
        switch reading {
        case .success(let status): (self.status, trouble) = (status, nil)
        case .failure(let error): trouble = error
        }
    }

    func lines(at now: Timestamp, columns: Int, rows: Int) -> [String] {
        let seconds = Figures.number(interval.seconds)
        var lines = ["touchline top   \(now.description.prefix(19))Z   every \(seconds) s   q quits"]
        if let trouble { lines.append("redis: \(trouble)") }
        if var status {
            status.width = columns
            let full = status.full
            lines += lines.count + full.count <= rows ? full : status.compact
        }
        return lines.map { $0.clipped(to: columns) }
    }
}
