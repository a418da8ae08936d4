extension AccessGrant {
    /// What is left of a subscription, and the names of the limits that took something from it.
    struct Narrowed {
        let key: AudienceKey
        let limits: [String]
    }

    /// Refuses what would otherwise be left empty, because an empty field means everything.
    func narrowed(_ wanted: AudienceKey) throws(CommandRefusal) -> Narrowed {
        var filter = wanted.filter
        var limits: [String] = []
        if let feeds, try narrow(&filter.feeds, to: feeds, "feeds") { limits.append("feeds") }
        if let sports, try narrow(&filter.sports, to: sports, "sports") { limits.append("sports") }
        let conflation = ConflationClass(roundingUp: max(wanted.conflation.rawValue, minimumConflateMilliseconds))
        if conflation != wanted.conflation { limits.append("min_conflate_ms") }
        let key = AudienceKey(channel: wanted.channel, filter: filter, format: wanted.format, conflation: conflation)
        return Narrowed(key: key, limits: limits)
    }

    /// Returns whether the field shows less than was asked for.
    private func narrow(
        _ field: inout [String], to allowed: Set<String>, _ name: String
    ) throws(CommandRefusal) -> Bool {
        let wanted = field
        field = wanted.isEmpty ? allowed.sorted() : wanted.filter { allowed.contains($0) }
        guard !field.isEmpty else { throw CommandRefusal("not_allowed", "this key may not see these \(name)") }
        return field != wanted
    }
}
