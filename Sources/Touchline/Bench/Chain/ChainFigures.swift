import Foundation

/// What a run of the chain measured.
struct ChainFigures {
    let scope: BenchScope
    let messages: Int
    let rate: Int
    let isRawAuditOn: Bool
    let seconds: Double
    /// CPU seconds by process, in the order of the chain; the load generator is last.
    let processorSeconds: [(name: String, seconds: Double)]
    /// What Postgres alone took for as many rows of a plain schema; nil if that was not measured.
    var plainSeconds: Double?

    /// One line, in the form of the reference chains' drivers.
    var text: String {
        let perMessage = processorSeconds.map { (name: $0.name, micros: $0.seconds / Double(messages) * 1e6) }
        let chain = perMessage.filter { $0.name != "load" }
        let total = chain.reduce(0) { $0 + $1.micros }
        let own = chain.filter { ["feed", "process", "write"].contains($0.name) }.reduce(0) { $0 + $1.micros }
        let parts = chain.map { "\($0.name) \(Self.number($0.micros))" }.joined(separator: " ")
        let load = perMessage.last { $0.name == "load" }?.micros ?? 0
        let head =
            "touchline \(scope.rawValue) rate=\(rate == 0 ? "full" : String(rate)) raw_audit=\(isRawAuditOn ? "on" : "off")"
        let plain = plainSeconds.map { " | plain schema: postgres \(Self.number($0 / Double(messages) * 1e6))" } ?? ""
        return
            "\(head) | messages \(messages) seconds \(Self.number(seconds)) msgs/s \(Int(Double(messages) / seconds)) | "
            + "cpu_us_per_msg total \(Self.number(total)) = \(parts) | own \(Self.number(own)) | load generator \(Self.number(load))\(plain)"
    }

    private static func number(_ value: Double) -> String { String(format: "%.2f", value) }
}
