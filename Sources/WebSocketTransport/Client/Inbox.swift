import Synchronization

/// What the event loop has decoded and the consumer has not taken: one batch that grows, bounded by a watermark.
///
/// The event loop offers and finishes, one task takes. When more than the watermark waits, the loop stops reading the
/// socket until the consumer has taken what there is. Batches are swapped, so that their memory goes round in circles.
final class Inbox: Sendable {
    private enum Delivery: Sendable {
        case batch(MessageBatch, mustResumeReading: Bool)
        case finished
        case cancelled
    }

    private typealias Consumer = CheckedContinuation<Delivery, Never>

    private struct State {
        var pending = MessageBatch()
        var consumer: Consumer?
        var isFinished = false
        var isFull = false
        /// Someone wants the consumer to look at its clock.
        var isWoken = false
        var reason: CloseReason?

        mutating func takeWake() -> Bool {
            defer { isWoken = false }
            return isWoken
        }
    }

    /// What a call of `take` gives.
    struct Taken: Sendable {
        /// Nil at the end.
        var batch: MessageBatch?
        /// Whether the loop had stopped reading and must be told to go on.
        var mustResumeReading: Bool
    }

    private let state = Mutex(State())
    private let watermarkBytes: Int

    init(watermarkBytes: Int) { self.watermarkBytes = watermarkBytes }

    /// Why the connection ended, once it has.
    var closeReason: CloseReason? { state.withLock { $0.reason } }

    // MARK: - The event loop's side

    /// Takes over what `batch` holds and leaves it empty. False when the socket should not be read for now.
    func offer(_ batch: inout MessageBatch) -> Bool {
        let (isBelowWatermark, consumer) = state.withLock { state -> (Bool, Consumer?) in
            if let consumer = state.consumer {
                state.consumer = nil
                return (true, consumer)
            }
            if state.pending.isEmpty {
                swap(&state.pending, &batch)
            } else {
                state.pending.append(batch)
            }
            state.isFull = state.pending.bytes.count > watermarkBytes
            return (!state.isFull, nil)
        }
        if let consumer {
            // Nobody else takes while a consumer waits, so the batch goes straight to it and its spare comes back.
            var delivered = takeSpare()
            swap(&delivered, &batch)
            delivered.seal()
            consumer.resume(returning: .batch(delivered, mustResumeReading: false))
        } else {
            batch.removeAll()
        }
        return isBelowWatermark
    }

    /// Nothing more will be offered. The first reason counts.
    func finish(_ reason: CloseReason?) {
        let consumer = state.withLock { state -> Consumer? in
            state.isFinished = true
            state.reason = state.reason ?? reason
            defer { state.consumer = nil }
            return state.consumer
        }
        consumer?.resume(returning: .finished)
    }

    /// Makes the call of `take` that waits, or the next one, return with an empty batch.
    func wake() {
        let consumer = state.withLock { state -> Consumer? in
            state.isWoken = state.consumer == nil
            defer { state.consumer = nil }
            return state.consumer
        }
        consumer?.resume(returning: .batch(MessageBatch(), mustResumeReading: false))
    }

    private func takeSpare() -> MessageBatch {
        state.withLock { state in
            var spare = MessageBatch()
            swap(&spare, &state.pending)
            return spare
        }
    }

    // MARK: - The consumer's side

    /// Waits for a message or the end. Throws when the task is cancelled; nothing is lost then.
    func take(reusing spent: consuming MessageBatch) async throws(CancellationError) -> Taken {
        var spare = spent
        spare.removeAll()
        if let taken = takeNow(&spare) { return taken }
        let delivery = await withTaskCancellationHandler {
            await withCheckedContinuation { consumer in wait(consumer, spare: spare) }
        } onCancel: {
            let consumer = state.withLock { state -> Consumer? in
                defer { state.consumer = nil }
                return state.consumer
            }
            consumer?.resume(returning: .cancelled)
        }
        switch delivery {
        case .batch(let batch, let mustResumeReading):
            return Taken(batch: batch, mustResumeReading: mustResumeReading)
        case .finished: return Taken(batch: nil, mustResumeReading: false)
        case .cancelled: throw CancellationError()
        }
    }

    /// What is there already; nil when the consumer has to wait.
    private func takeNow(_ spare: inout MessageBatch) -> Taken? {
        let taken = state.withLock { state -> Taken? in
            guard !state.pending.isEmpty else {
                if state.takeWake() { return Taken(batch: MessageBatch(), mustResumeReading: false) }
                return state.isFinished ? Taken(batch: nil, mustResumeReading: false) : nil
            }
            defer { state.isFull = false }
            swap(&state.pending, &spare)
            return Taken(batch: nil, mustResumeReading: state.isFull)
        }
        guard var taken else { return nil }
        guard !spare.isEmpty else { return taken }
        spare.seal()
        taken.batch = spare
        return taken
    }

    private func wait(_ consumer: Consumer, spare: consuming MessageBatch) {
        let immediate = state.withLock { state -> Delivery? in
            if !state.pending.isEmpty {
                defer { state.isFull = false }
                var batch = MessageBatch()
                swap(&batch, &state.pending)
                batch.seal()
                return .batch(batch, mustResumeReading: state.isFull)
            }
            if state.takeWake() { return .batch(MessageBatch(), mustResumeReading: false) }
            if state.isFinished { return .finished }
            // The flag is set before the handler runs, and the handler takes this lock: one of the two sees the other.
            if Task.isCancelled { return .cancelled }
            state.consumer = consumer
            state.pending = spare
            return nil
        }
        if let immediate { consumer.resume(returning: immediate) }
    }
}
