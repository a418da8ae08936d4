/// The Redis keys of one feed. All carry the hash tag `{feed}`, so that they share a slot and one MULTI may touch them.
package struct StreamNames: Sendable, Hashable {
    package let prefix: String
    package let feed: FeedName

    package init(prefix: String = "touchline", feed: FeedName) {
        self.prefix = prefix
        self.feed = feed
    }

    /// Stream: frames as received and control entries.
    package var raw: String { key("raw") }
    /// Stream: normalised events, one entry per raw entry under the same id.
    package var events: String { key("events") }
    /// Stream: dead letters, id `<frame>-<ordinal + 1>`.
    package var dead: String { key("dead") }
    /// Stream: what others ask of the feed's owner.
    package var requests: String { key("requests") }
    /// String: the decoder's checkpoint.
    package var decoder: String { key("decoder") }
    /// String: the entry of `raw` that is being decoded alone, and how often that was begun.
    package var trial: String { key("decoder:trial") }
    /// String: a Processor that would have the feed, if its owner gave it up.
    package var processorWanted: String { key("owner:processor:wanted") }
    /// String: the Broadcasters' state checkpoint.
    package var checkpoint: String { key("checkpoint") }
    /// Lease of the active FeedClient.
    package var feedOwner: String { key("owner:feed") }
    /// Lease of the active Processor.
    package var processorOwner: String { key("owner:processor") }

    private func key(_ suffix: String) -> String { "\(prefix):{\(feed)}:\(suffix)" }

    /// Sorted set of a stage's live workers and their last heartbeats (epoch milliseconds).
    package static func workers(prefix: String = "touchline", stage: String) -> String { "\(prefix):workers:\(stage)" }
}

/// The consumer groups of a feed's streams.
package enum ConsumerGroup {
    /// On `raw`: the Processor, under the one consumer name `owner`.
    package static let processor = "processor"
    /// On `raw`: the raw audit, when it is on.
    package static let archiver = "archiver"
    /// On `events` and on `dead`: the Writers.
    package static let writer = "writer"
    /// The one consumer name of group `processor`, whoever holds the lease.
    package static let owner = "owner"
}
