/// Finds, by halving, which of many messages Postgres refuses when it does not say so itself. Pure but for `isFine`.
enum BadRowSearch {
    /// The messages that make a trial fail. Costs about two trials for each culprit and each halving. Each
    /// has been refused when it was tried alone.
    ///
    /// - Parameter isFine: tries only these messages, and undoes it.
    static func culprits<Message>(
        among messages: [Message], _ isFine: ([Message]) async throws -> Bool
    ) async throws -> [Message] {
        var found: [Message] = []
        // Known to fail, and not yet looked into.
        var failing = [messages[...]]
        while let range = failing.popLast() {
            if range.count <= 1 {
                // Found by elimination it may be innocent, if the refusal was none of a message's.
                if try await !isFine(Array(range)) { found += range }
                continue
            }
            let middle = range.startIndex + range.count / 2
            let (left, right) = (range[..<middle], range[middle...])
            let isLeftFine = try await isFine(Array(left))
            // If the left half is fine the culprit is in the right one, untried.
            let isRightFine = isLeftFine ? false : try await isFine(Array(right))
            if !isRightFine { failing.append(right) }
            if !isLeftFine { failing.append(left) }
        }
        return found
    }
}
