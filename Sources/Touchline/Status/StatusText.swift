import FeedModel

/// Feeds and servers as people read them, at most `width` columns wide.
struct StatusText: Sendable {
    let feeds: [FeedReport]
    let servers: ServerStatus
    var width = 80

    /// A block for each feed: everything there is.
    var full: [String] {
        lines([serverLine] + (feeds.isEmpty ? ["no feeds are configured"] : feeds.flatMap { [""] + block($0) }))
    }

    /// A row for each feed, and why it is not live. For many feeds.
    var compact: [String] {
        lines([serverLine, "", Self.header] + feeds.flatMap(rows))
    }

    private func lines(_ lines: [String]) -> [String] { lines.map { $0.printable.clipped(to: width) } }

    // MARK: Servers

    private var serverLine: String {
        "redis \(memory)   postgres \(servers.database == nil ? "-" : "ok")   partitions \(partitions)"
    }

    private var memory: String {
        guard let memory = servers.memory else { return "-" }
        guard memory.maximumBytes > 0 else { return "\(Figures.bytes(memory.usedBytes)), no limit" }
        return "\(Figures.share(memory.share)) of \(Figures.bytes(memory.maximumBytes))"
    }

    private var partitions: String {
        guard let partitions = servers.database?.partitions else { return "-" }
        return "\(partitions.count)" + (partitions.until.map { " until \($0.prefix(16))Z" } ?? "")
    }

    // MARK: Blocks

    private static let columns = [9, 9, 7, 6, 8, 7]

    private func block(_ feed: FeedReport) -> [String] {
        let gaps = Figures.number(feed.gapsLastHour)
        var lines = [
            "\(feed.feed): \(feed.state), last entry \(age(feed)), gaps in the last hour: \(gaps)"
        ]
        if let why = feed.stateWhy, feed.state != "live" { lines.append("  why: \(why)") }
        lines.append(Self.stage("stage", ["in/s", "out/s", "lag", "lag s", "pending", "oldest"], "owner"))
        lines.append(
            Self.stage("feed", ["-", unit(feed.rates.framesPerSecond, "fr"), "-", "-", "-", "-"], feed.feedOwner))
        for stream in feed.streams {
            // Redis sorts groups by name; the archiver is not what a feed waits for.
            let (others, stages) = (stream.groups.filter { !$0.isStage }, stream.groups.filter(\.isStage))
            lines += (stages + others).map { group(feed, stream, $0) }
        }
        let lengths = feed.streams.filter { $0.name != "dead" }.map { "\($0.length) \($0.name)" }
        lines.append(
            "  entries: \(lengths.isEmpty ? "none" : lengths.joined(separator: ", ")); "
                + "dead letters in the stream: \(feed.deadLetters)")
        return lines
    }

    private func age(_ feed: FeedReport) -> String {
        feed.lastReceivedSeconds.map { "\(Figures.age($0)) ago" } ?? "none"
    }

    private func group(_ feed: FeedReport, _ stream: FeedReport.Stream, _ group: FeedReport.Group) -> String {
        let rates = feed.rates
        let consumers = "\(group.consumers) consumer\(group.consumers == 1 ? "" : "s")"
        let (name, taken, done, owner): (String, String, String, String?) =
            switch (stream.name, group.name) {
            case ("raw", "processor"):
                (
                    "processor", unit(rates.processedFramesPerSecond, "fr"), unit(rates.eventsPerSecond, "ev"),
                    feed.processorOwner
                )
            case ("events", "writer"):
                (
                    "writer", unit(rates.takenFramesPerSecond, "fr"), unit(rates.writtenFramesPerSecond, "fr"),
                    consumers
                )
            case ("dead", "writer"): ("letters", unit(rates.lettersPerSecond, "le"), "-", consumers)
            default: (group.name, "-", "-", consumers)
            }
        let figures = [
            taken, done, Figures.number(group.lag), Figures.age(group.lagSeconds), Figures.number(group.pending),
            Figures.age(group.oldestPendingSeconds),
        ]
        return Self.stage(name, figures, owner)
    }

    /// Frames and events are not the same, and only the unit tells.
    private func unit(_ rate: Double?, _ unit: String) -> String { rate.map { "\(Figures.number($0)) \(unit)" } ?? "-" }

    private static func stage(_ name: String, _ figures: [String], _ owner: String?) -> String {
        let cells = zip(figures, columns).map { $0.rightAligned(to: $1) }
        return "  \(name.padded(to: 10))\(cells.joined())  \(owner ?? "nobody")"
    }

    // MARK: Rows

    private static let rowColumns = [14, 10, 5, 5, 5, 5, 5, 5, 6, 5, 4]
    private static let header = row([
        "feed", "state", "fr/s", "ev/s", "plag", "wlag", "lag s", "pend", "oldest", "dead", "gaps",
    ])

    private func rows(_ feed: FeedReport) -> [String] {
        let processor = feed.group("processor", of: "raw")
        let writer = feed.group("writer", of: "events")
        let row = Self.row([
            feed.feed, feed.state, Figures.number(feed.rates.framesPerSecond),
            Figures.number(feed.rates.eventsPerSecond), Figures.number(processor?.lag), Figures.number(writer?.lag),
            Figures.age(Self.most(processor?.lagSeconds, writer?.lagSeconds)),
            Figures.number(processor.map { $0.pending + (writer?.pending ?? 0) }),
            Figures.age(Self.most(processor?.oldestPendingSeconds, writer?.oldestPendingSeconds)),
            Figures.number(feed.deadLetters), Figures.number(feed.gapsLastHour),
        ])
        guard let why = feed.stateWhy, feed.state != "live" else { return [row] }
        return [row, "  \(why)"]
    }

    private static func most(_ left: Double?, _ right: Double?) -> Double? { [left, right].compactMap { $0 }.max() }

    /// The first two columns are texts, the others numbers.
    private static func row(_ cells: [String]) -> String {
        zip(cells, rowColumns).enumerated().map { index, cell in
            let width = cell.1
            let text = cell.0.clipped(to: width)
            return index < 2 ? text.padded(to: width) : text.rightAligned(to: width)
        }.joined(separator: " ")
    }
}

extension FeedReport.Group {
    /// Whether it is a stage on the way to Postgres.
    fileprivate var isStage: Bool { [ConsumerGroup.processor, ConsumerGroup.writer].contains(name) }
}
