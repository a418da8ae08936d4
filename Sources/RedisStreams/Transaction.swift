// SPDX-License-Identifier: Apache-2.0

/// What became of a MULTI … EXEC.
enum TransactionResult: ~Copyable {
    /// Every command ran; each reply is to be examined, because a refusal in one does not undo the others.
    case executed(Reply)
    /// Nothing ran: the server refused a command before EXEC, or EXEC itself.
    case aborted(RedisError)
    /// Nothing ran: a watched key changed.
    case disturbed
}

extension Wire {
    /// Sends MULTI, what `encode` writes, and EXEC in one write, and reads every reply.
    func transaction(_ encode: (inout CommandBuffer) -> Void) throws(RedisError) -> TransactionResult {
        let due = try send { buffer in
            buffer.command("*1\r\n$5\r\nMULTI\r\n")
            encode(&buffer)
            buffer.command("*1\r\n$4\r\nEXEC\r\n")
        }
        var cause: RedisError?
        var isOpen = false
        for index in 0..<due - 1 {
            let reply = try receive()
            let refusal = reply.view.refusal
            if index == 0 { isOpen = refusal == nil }
            if cause == nil { cause = refusal }
        }
        let outcome = try receive()
        // Without MULTI each command ran for itself, and no outcome that we know describes that.
        if let cause, !isOpen { throw cause }
        let answer = outcome.view
        if answer.isNull { return .disturbed }
        if let refusal = answer.refusal { return .aborted(cause ?? refusal) }
        guard answer.isArray, answer.count == due - 2 else {
            throw .unexpectedReply("\(answer.shape) for \(due - 2) commands of a transaction")
        }
        return .executed(outcome)
    }
}
