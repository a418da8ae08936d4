import Foundation

/// What became of subscribers whose server was killed and started again.
struct FanOutRestart {
    let subscribers: Int
    /// From the end of the process until the last subscriber had everything.
    let seconds: Double
    /// Of the subscribers, those that were sent what had changed; the others were sent everything.
    let resumed: Int
    /// Attempts to connect that were refused while too many came at once.
    let refused: Int
    let residentBefore: Int
    let residentAfter: Int

    var text: String {
        "touchline fanout | subs \(subscribers) restart | all back in \(String(format: "%.2f", seconds)) s, resumed \(resumed), "
            + "refused at first \(refused) | rss_MiB \(residentBefore >> 20) before, \(residentAfter >> 20) after"
    }
}

/// What a run of the Broadcaster measured.
struct FanOutFigures {
    let subscribers: Int
    let rate: Int?
    let stalled: Int
    let seconds: Double
    let deliveries: Int
    let bytes: Int
    let processorSeconds: Double
    /// Milliseconds from the publisher to the client: median, 99 %, all.
    let delays: (median: Int, most: Int, all: Int)
    /// Resident memory of the process for each subscriber that has its snapshot.
    let bytesPerSubscriber: Double
    let residentBytes: Int
    /// Connections that the server ended.
    let closed: Int

    /// One line, in the form of the reference servers' load client.
    var text: String {
        var text = "touchline fanout | subs \(subscribers)"
        if stalled > 0 { text += " of which not reading \(stalled)" }
        text += " rate \(rate.map { $0 == 0 ? "full" : String($0) } ?? "idle") | "
        if rate != nil {
            let each = Double(max(deliveries, 1))
            text += "deliveries/s \(Int(Double(deliveries) / seconds)) bytes \(Int(Double(bytes) / each)) "
            text += "cpu_us_per_delivery \(String(format: "%.3f", processorSeconds / each * 1e6)) "
            text += "delay_ms p50 \(delays.median) p99 \(delays.most) max \(delays.all) | "
        } else {
            text += "cpu_percent \(String(format: "%.1f", processorSeconds / seconds * 100)) | "
        }
        text += "rss_per_subscriber \(Int(bytesPerSubscriber)) B rss_total_MiB \(residentBytes >> 20)"
        return text + (closed > 0 ? " closed \(closed)" : "")
    }
}
