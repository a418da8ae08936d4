import Broadcaster
import FeedClient
import FeedModel
import Telemetry
import WebSocketTransport
import Writer

/// Settings that are right one by one and unsafe together.
extension TouchlineConfiguration {
    /// One for each pair, with what to do.
    var hazards: [ConfigurationWarning] {
        [spoolHazards, writerHazards, retentionHazards, broadcasterHazards, feedHazards, webhookHazards].flatMap { $0 }
    }

    /// As a configuration would say it: `400d`, `2m`, `50ms`.
    static func text(_ duration: Duration) -> String {
        let seconds = duration.seconds
        let units = [("d", 86_400.0), ("h", 3_600), ("m", 60)]
        for (unit, length) in units where seconds >= length && seconds.remainder(dividingBy: length) == 0 {
            return "\(Int(seconds / length))\(unit)"
        }
        return seconds >= 1 ? "\(Figures.number(seconds))s" : "\(Int(seconds * 1_000))ms"
    }

    // MARK: Spool

    private var spoolHazards: [ConfigurationWarning] {
        guard let spool else { return [] }
        var hazards: [ConfigurationWarning] = []
        if !spool.directory.hasPrefix("/") {
            hazards.append(
                .init(
                    "'feed_client.spool.directory' is '\(spool.directory)', which is another folder wherever a process is started",
                    "name it from the root, such as /var/lib/touchline/spool"
                ))
        }
        let largest = RawEntry.maximumFrameBytes * 2
        if spool.maximumBytes < largest {
            hazards.append(
                .init(
                    "'feed_client.spool.max_bytes' is \(Figures.bytes(spool.maximumBytes)), and a single frame may have "
                        + Figures.bytes(RawEntry.maximumFrameBytes),
                    "give each feed's spool \(Figures.bytes(spool.segmentBytes)), which is one segment, or more"
                ))
        } else if spool.maximumBytes < spool.segmentBytes {
            hazards.append(
                .init(
                    "'feed_client.spool.max_bytes' is \(Figures.bytes(spool.maximumBytes)), less than one segment",
                    "give each feed's spool \(Figures.bytes(spool.segmentBytes)) or more: some seconds of a busy feed fill it"
                ))
        }
        for feed in feeds where feed.recording?.directory == spool.directory {
            hazards.append(
                .init(
                    "'feeds.\(feed.name).record' and 'feed_client.spool.directory' are the same folder",
                    "give recordings a folder of their own, so that clearing one does not take the other"
                ))
        }
        return hazards
    }

    // MARK: Writer

    private var writerHazards: [ConfigurationWarning] {
        var hazards: [ConfigurationWarning] = []
        if postgresConnections > 4 {
            hazards.append(
                .init(
                    "'postgres.connections' is \(postgresConnections), and a Writer uses 4 at most",
                    "set 4, and start another Writer if that is not enough"
                ))
        }
        if batchPeriod > .seconds(1) {
            hazards.append(
                .init(
                    "'writer.batch_period' is \(Self.text(batchPeriod)), and prices of a slow feed are in Postgres only then",
                    "set a second or less: a busy feed fills its batches sooner by itself"
                ))
        }
        return hazards
    }

    // MARK: Retention

    private var retentionHazards: [ConfigurationWarning] {
        var hazards: [ConfigurationWarning] = []
        if let keep = partitions.keep, letters.keep > keep {
            hazards.append(
                .init(
                    "'dead_letters.keep' is \(Self.text(letters.keep)), longer than 'writer.partitions.keep' with "
                        + "\(Self.text(keep)): a letter that is replayed late has no partition left",
                    "keep letters no longer than the history"
                ))
        }
        if let keep = partitions.keep, let keepRaw = partitions.keepRaw, keepRaw > keep {
            hazards.append(
                .init(
                    "'writer.partitions.keep_raw' is \(Self.text(keepRaw)), longer than 'keep' with \(Self.text(keep)): "
                        + "frames without their rows cannot be decoded again",
                    "set it to \(Self.text(keep)) or less"
                ))
        }
        if partitions.keepRaw != nil, !isRawAuditOn {
            hazards.append(
                .init(
                    "'writer.partitions.keep_raw' is set and 'writer.raw_audit' is off: there are no new raw frames",
                    "turn the audit on, or leave keep_raw out once the old frames are gone"
                ))
        }
        return hazards + hourHazards
    }

    /// Each partition is a file more to open for every query that does not name a time.
    private var hourHazards: [ConfigurationWarning] {
        guard partitions.unit == .hour else { return [] }
        guard let keep = partitions.keep else {
            return [
                .init(
                    "'writer.partitions.unit' is hour and there is no 'keep': 8,760 partitions a year and table",
                    "set 'keep', or cut the history by the day"
                )
            ]
        }
        let count = Int(keep / .seconds(3_600))
        guard count > 24 * 92 else { return [] }
        return [
            .init(
                "'writer.partitions.unit' is hour and 'keep' is \(Self.text(keep)): \(count) partitions of each table",
                "cut the history by the day, or keep a quarter of a year at most"
            )
        ]
    }

    // MARK: Broadcaster

    private var broadcasterHazards: [ConfigurationWarning] {
        var hazards: [ConfigurationWarning] = []
        let limits = subscribers.limits
        if !broadcaster.isLoopback, subscribers.tls == nil {
            hazards.append(
                .init(
                    "'broadcaster.listen' is \(broadcaster) without 'broadcaster.tls': credentials and prices travel in the clear",
                    "set certificate and key, or let only a proxy that speaks TLS reach the port"
                ))
        }
        if limits.commandBurst < limits.commandsPerSecond {
            hazards.append(
                .init(
                    "'broadcaster.limits.command_burst' is \(limits.commandBurst), below 'commands_per_s' with "
                        + "\(limits.commandsPerSecond), which nobody can reach then",
                    "set the burst to as much or more"
                ))
        }
        if limits.commandsPerSecondOfKey < limits.commandsPerSecond {
            hazards.append(
                .init(
                    "'broadcaster.limits.commands_per_key_s' is \(limits.commandsPerSecondOfKey), below what one connection of "
                        + "the key may send ('commands_per_s': \(limits.commandsPerSecond))",
                    "set it to as much or more"
                ))
        }
        return hazards
    }

    // MARK: Feeds

    private var feedHazards: [ConfigurationWarning] { feeds.flatMap(Self.hazards(of:)) + twins }

    private static func hazards(of feed: FeedConfiguration) -> [ConfigurationWarning] {
        var hazards: [ConfigurationWarning] = []
        let connection = feed.connection
        let noticed = connection.pingInterval + connection.pongTimeout
        if noticed > feed.staleAfter {
            hazards.append(
                .init(
                    "'feeds.\(feed.name)': a dead connection shows after \(text(noticed)) (ping_interval and pong_timeout), and "
                        + "'stale_after' is \(text(feed.staleAfter)): it counts as stale before",
                    "set stale_after above the sum of both"
                ))
        }
        if feed.provider == "sportsbook", !feed.streams.isEmpty,
            feed.streams.allSatisfy({ feed.quietStreams.contains(StreamKinds(names: [$0])) })
        {
            hazards.append(
                .init(
                    "'feeds.\(feed.name)': every stream of it may be quiet, so that nothing notices when it falls silent",
                    "take one that is never quiet out of quiet_ok, or set operations.webhook.silent_after"
                ))
        }
        return hazards
    }

    /// A feed that was copied and not changed: every message of it is taken and written twice.
    private var twins: [ConfigurationWarning] {
        feeds.indices.compactMap { index -> ConfigurationWarning? in
            var feed = feeds[index]
            let twin = feeds[..<index].first { other in
                feed.name = other.name
                feed.recording = other.recording
                return feed == other
            }
            return twin.map {
                ConfigurationWarning(
                    "'feeds.\(feeds[index].name)' is the same as 'feeds.\($0.name)': every message is taken twice",
                    "leave one of them out, or give it another url or other markets"
                )
            }
        }
    }

    // MARK: Webhook

    /// A FeedClient says that it lives after five seconds of silence, and most providers do so less often.
    private var webhookHazards: [ConfigurationWarning] {
        guard let webhook, webhook.silentAfter < .seconds(10) else { return [] }
        return [
            .init(
                "'operations.webhook.silent_after' is \(Self.text(webhook.silentAfter)), which a healthy feed is silent for",
                "set 10s or more"
            )
        ]
    }
}

extension ConfigurationWarning {
    fileprivate init(_ problem: String, _ remedy: String) {
        self.init(subject: "configuration", problem: problem, remedy: remedy)
    }
}
