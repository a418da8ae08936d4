import FeedJSON
import FeedModel
import Logging
import Metrics
import RedisStreams
import Telemetry
import WebSocketTransport

/// Moves frames from one feed's socket into its log, and does what the session wants done between them.
///
/// One task uses it; it outlives the connections of its term.
struct FeedPump {
    private let feed: FeedConfiguration
    private var log: FeedLog
    private let redis: RedisConnection
    private let names: StreamNames
    private let linger: Duration
    private let recorder: FeedRecorder?
    private let metrics: FeedClientMetrics
    private let logger: Logger
    private let scanner = JSONScanner()

    private var session: any ProviderSession
    /// Messages to the provider that became due while frames were judged.
    private var outgoing: [String] = []
    private var reconnect: (cause: ReconnectCause, why: String)?
    private var state = SessionState.connecting
    /// Where the open gap was recorded; a heal names it.
    private var openGap: Position?
    /// The token of the last session, while no session is open.
    private var resumeToken: [UInt8]
    private var isSessionOpen = false
    /// The decoder lost its state and asked for the whole of the provider's: the next session must not resume. What is sent
    /// until its snapshot is complete is missing from the history, so that a gap is recorded as for any other.
    private var isImageRequested = false
    /// Up to when the feed is known to be complete; nil if it is new.
    private var lastLiveAt: Timestamp?
    private var lastFrameAt = ContinuousClock.now
    /// The same over all connections: a new one has brought nothing yet.
    private var lastMessageAt = ContinuousClock.now
    /// How long the provider has said nothing, as far as we were listening.
    private var silence = Duration.zero
    private static let longestSilenceStep = Duration.seconds(2)
    private var lastTickAt = ContinuousClock.now
    private var lastHeartbeatAt = ContinuousClock.now
    private var lastAppendAt = ContinuousClock.now
    private var rate = FrameRate()
    private var watch: StreamWatch
    private var answers: AnswerWatch

    init(
        feed: FeedConfiguration, log: FeedLog, redis: RedisConnection, names: StreamNames,
        predecessor: FeedLog.Predecessor?,
        isAfterLoss: Bool, linger: Duration, recorder: FeedRecorder?, metrics: FeedClientMetrics, logger: Logger
    ) {
        self.feed = feed
        self.log = log
        self.redis = redis
        self.names = names
        self.linger = linger
        self.recorder = recorder
        self.metrics = metrics
        self.logger = logger
        watch = StreamWatch(StreamKinds(names: feed.streams), quiet: feed.quietStreams, limit: feed.staleAfter)
        answers = AnswerWatch(limit: feed.connection.answerTimeout)
        resumeToken = predecessor?.resumeToken ?? []
        lastLiveAt = predecessor?.lastLiveAt
        session = SportsbookSession(streams: [], resumeToken: [], lastReceivedAt: nil)
        if isAfterLoss { recordLoss() }
    }

    /// Redis forgot entries that cannot be given again: the hole is on record before anything else.
    private mutating func recordLoss() {
        let cause = "Redis lost entries that were appended"
        perform(.openGap(.init(kind: .lost, from: lastLiveAt, to: WallClock.now, cause: cause)))
        openGap = nil
        resumeToken = []
        lastLiveAt = nil
    }

    // MARK: One connection

    /// Pumps until the connection ends, the session wants a new one, or the stop is requested.
    mutating func run(
        _ connection: any MessageConnection, token: String?, stop: StopSignal, onLive: () -> Void
    ) async throws -> (ReconnectCause, String) {
        var feed = feed
        feed.token = token
        session = try SessionRegistry.make(
            feed, resumeToken: resumeToken, lastReceivedAt: lastLiveAt)
        isSessionOpen = true
        isImageRequested = false
        defer { endSession() }
        reconnect = nil
        answers = AnswerWatch(limit: feed.connection.answerTimeout)
        lastFrameAt = .now
        silence = .zero
        for action in session.opened() { perform(action) }
        try await flush(sendingTo: connection)
        var batch = MessageBatch()
        while !stop.isRequested {
            guard let arrived = try await connection.next(reusing: batch) else {
                return (.closed, connection.closeReason.map { "\($0)" } ?? "socket closed")
            }
            batch = arrived
            let wasLive = state == .live
            if !batch.isEmpty { take(batch) }
            try await tickIfDue()
            try await flush(sendingTo: connection)
            if state == .live, !wasLive {
                watch.restart(at: .now)
                onLive()
            }
            if let reconnect { return reconnect }
            try await lingerIfBusy(batch.messageCount)
        }
        return (.closed, "stopping")
    }

    private mutating func endSession() {
        if !isImageRequested { resumeToken = session.resumeToken }
        isSessionOpen = false
    }

    private var token: [UInt8] { isSessionOpen ? session.resumeToken : resumeToken }

    private mutating func take(_ batch: MessageBatch) {
        lastFrameAt = .now
        lastMessageAt = lastFrameAt
        silence = .zero
        rate.add(batch.messageCount, at: lastFrameAt)
        log.builder.advance(to: Timestamp(microseconds: batch.receivedAt))
        metrics.receivedFrames.increment(by: batch.messageCount)
        metrics.receivedBytes.increment(by: batch.bytes.count)
        metrics.batchFrames.record(batch.messageCount)
        recorder?.record(batch)
        batch.bytes.withUnsafeBytes { consume($0) }
        for message in batch.discarded { recordOversized(message) }
        if state == .live { lastLiveAt = log.builder.lastReceivedAt }
    }

    /// A frame too large to take cannot be kept, but it must not vanish either.
    private mutating func recordOversized(_ message: DiscardedMessage) {
        let now = log.builder.lastReceivedAt
        log.builder.add(control: .frameTooLarge(bytes: message.byteCount), token: token)
        logger.warning("a frame was too large to take", metadata: ["bytes": "\(message.byteCount)"])
        guard !session.noticesLoss else { return }
        let cause = "a frame of \(message.byteCount) bytes is over the limit and was not taken"
        perform(.openGap(.init(kind: .overflow, from: now, to: now, cause: cause)))
        openGap = nil
        // What it said is not known: only the provider's whole state tells which prices still stand.
        requestImage(cause: .protocolError, why: cause)
    }

    /// Judges every frame of a batch. Neighbours that are simply stored are copied as one run.
    private mutating func consume(_ bytes: UnsafeRawBufferPointer) {
        var run = FrameRun()
        while run.end < bytes.count {
            let size = FrameRun.size(at: run.end, in: bytes)
            if log.builder.isFull(behind: (run.count, run.bytes), adding: size) {
                add(&run, of: bytes)
                log.builder.close(token: token)
            }
            let frame = UnsafeRawBufferPointer(rebasing: bytes[run.end + 4..<run.end + size])
            switch session.received(frame, scanner: scanner, now: log.builder.lastReceivedAt) {
            case .store:
                run.extend(by: size)
            case .dropDuplicate:
                add(&run, of: bytes)
                run.skip(size)
                metrics.droppedDuplicates.increment()
            case .act(let before, let isStored, let after):
                add(&run, of: bytes)
                before.forEach { perform($0) }
                if isStored { run.extend(by: size) } else { run.skip(size) }
                add(&run, of: bytes)
                after.forEach { perform($0) }
            }
            if reconnect != nil { break }
        }
        add(&run, of: bytes)
        log.builder.close(token: token)
    }

    private mutating func requestImage(cause: ReconnectCause, why: String) {
        resumeToken = []
        isImageRequested = true
        perform(.reconnect(cause: cause, why: why))
    }

    private mutating func add(_ run: inout FrameRun, of bytes: UnsafeRawBufferPointer) {
        guard run.count > 0 else { return }
        log.builder.add(run: UnsafeRawBufferPointer(rebasing: bytes[run.start..<run.end]), count: run.count)
        run.restart()
    }

    private mutating func perform(_ action: SessionAction) {
        switch action {
        case .send(let text): outgoing.append(text)
        case .record(let event): log.builder.add(control: event, token: token)
        case .enter(let state, let why): enter(state, why: why)
        case .openGap(let gap):
            let frame = log.builder.add(control: .gap(gap), token: token)
            openGap = Position(frame: frame, ordinal: 0)
            metrics.gapOpened(gap.kind)
            logger.warning("gap", metadata: ["kind": "\(gap.kind.name)", "cause": "\(gap.cause)"])
        case .healGap:
            guard let position = openGap else { return }
            openGap = nil
            let event = ControlEvent.gapHealed(
                position: position.rawValue, at: log.builder.lastReceivedAt.microseconds)
            log.builder.add(control: event, token: token)
        case .reconnect(let cause, let why): reconnect = (cause, why)
        }
    }

    private mutating func enter(_ state: SessionState, why: String) {
        self.state = state
        metrics.state.record(Int(state.rawValue))
        log.builder.add(control: .stateChanged(state: state, why: why), token: token)
    }

    /// Appends what is closed, then sends: the provider hears of nothing that the log does not have.
    private mutating func flush(sendingTo connection: (any MessageConnection)? = nil) async throws {
        let before = log.appended
        let began = ContinuousClock.now
        try await log.flush()
        if log.isImageDue {
            log.isImageDue = false
            requestImage(cause: .requested, why: "frames were lost while Redis was away")
        }
        if log.appended.entries > before.entries {
            lastAppendAt = .now
            metrics.emittedEntries.increment(by: log.appended.entries - before.entries)
            metrics.emittedFrames.increment(by: log.appended.frames - before.frames)
            metrics.appendSeconds.recordNanoseconds((lastAppendAt - began).microseconds * 1_000)
        }
        guard let connection else { return }
        for text in outgoing { try? await connection.send(text: text) }
        outgoing.removeAll()
    }

    /// At middle rates wake-ups cost more than messages: a busy feed waits a moment for its batch to grow.
    private func lingerIfBusy(_ frames: Int) async throws {
        guard linger > .zero, frames > 0, frames < RawEntry.maximumFrames, rate.isBusy else { return }
        try await Task.sleep(for: linger)
    }

    // MARK: By the clock

    /// Once a second, however busy the feed is.
    private mutating func tickIfDue() async throws {
        let now = ContinuousClock.now
        let elapsed = now - lastTickAt
        guard elapsed > .milliseconds(900) else { return }
        lastTickAt = now
        log.builder.advance(to: WallClock.now)
        metrics.lastMessageAge.record((now - lastMessageAt).seconds)
        // While Redis kept us from reading, nobody was silent.
        silence += min(elapsed, Self.longestSilenceStep)
        if silence > session.deadAfter {
            perform(.reconnect(cause: .silence, why: "no frame for \(silence.seconds) s"))
        } else if silence > quietBeforeHeartbeat, now - lastHeartbeatAt > heartbeatInterval {
            lastHeartbeatAt = now
            if let text = session.heartbeat() { outgoing.append(text) }
        }
        if reconnect == nil, let complaint = answers.complaint(session.openQuestion, elapsed: elapsed) {
            perform(.reconnect(cause: .unanswered, why: complaint))
        }
        watch.saw(session.takeSeen(), at: now)
        if state == .live, reconnect == nil, let complaint = watch.complaint(at: now) {
            perform(.reconnect(cause: .stale, why: complaint))
        }
        try await handleRequests()
        if state == .live, reconnect == nil { lastLiveAt = log.builder.lastReceivedAt }
        keepAlive(now)
    }

    private var heartbeatInterval: Duration { session.heartbeatInterval ?? session.deadAfter / 2 }

    /// Some providers count our heartbeats and close without them, even while they talk themselves.
    private var quietBeforeHeartbeat: Duration { session.heartbeatInterval == nil ? session.deadAfter / 2 : .zero }

    private mutating func keepAlive(_ now: ContinuousClock.Instant) {
        guard now - lastAppendAt > .seconds(5) else { return }
        log.builder.add(control: .keepalive(state: state), token: token)
    }

    /// What others ask for, a little at a time: the provider's frames go first.
    private mutating func handleRequests() async throws {
        guard !log.isRedisAway else { return }
        for _ in 0..<Self.requestReads {
            let after = log.builder.requestsHandled
            let requests: [StreamEntry]
            do {
                requests = try await redis.read(
                    [(stream: names.requests, after: StreamID(after.milliseconds, after.sequence))],
                    count: Self.requestsPerRead, block: nil
                ).flatMap(\.entries)
            } catch {
                // Requests are asked for again at the next tick; an absent Redis shows at the next append.
                return
            }
            for request in requests { handle(request) }
            guard requests.count == Self.requestsPerRead else { return }
        }
    }

    private static let requestsPerRead = 100
    private static let requestReads = 5

    private mutating func handle(_ request: StreamEntry) {
        log.builder.handled(
            RequestID(milliseconds: request.id.milliseconds, sequence: request.id.sequence), token: token)
        switch try? FeedRequest(decoding: request.payload) {
        case .freshImage(let why):
            requestImage(cause: .requested, why: why)
        case .replayLetter(let position, let stage, let receivedAt, let payload):
            let event = ControlEvent.letterReplayed(
                position: position, stage: stage, receivedAt: receivedAt, payload: payload)
            log.builder.add(control: event, token: token)
        case nil: return
        }
    }

    /// Between connections: the feed says what it is doing, and requests are heard.
    mutating func wait(_ duration: Duration, why: String, stop: StopSignal) async throws {
        log.builder.advance(to: WallClock.now)
        enter(.backoff, why: why)
        try await flush()
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end, !stop.isRequested {
            try await Task.sleep(for: min(.milliseconds(200), end - .now))
            log.builder.advance(to: WallClock.now)
            metrics.lastMessageAge.record((ContinuousClock.now - lastMessageAt).seconds)
            try await handleRequests()
            keepAlive(.now)
            try await flush()
        }
    }

    mutating func entered(_ state: SessionState, why: String) async throws {
        log.builder.advance(to: WallClock.now)
        enter(state, why: why)
        try await flush()
    }
}
