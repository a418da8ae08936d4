import WebSocketTransport

extension TouchlineConfiguration {
    /// `traces`: nil without one, or when its address is missing: that is a problem then.
    static func readTraces(_ reader: ConfigurationReader) -> TraceConfiguration? {
        let section = reader.section("traces")
        let endpoint = section.string("endpoint")
        var traces = TraceConfiguration(endpoint: endpoint ?? "")
        traces.sample = section.integer("sample", in: 1...1_000_000_000, default: traces.sample)
        traces.headers = readHeaders(section)
        traces.authorityFile = section.readableFile("ca")
        traces.proxy = section.proxy()
        section.rejectUnknownKeys()
        guard endpoint != nil else {
            if reader.has("traces") { section.missing("endpoint", "a collector's, such as http://127.0.0.1:4318") }
            return nil
        }
        if let why = traces.problem { section.problem("endpoint", why) }
        return traces
    }
}

extension ConfigurationReader {
    /// `proxy`; nil without one, or when it is none: that is a problem then.
    func proxy() -> HTTPProxy? {
        guard let proxy = secret("proxy") else { return nil }
        do { return try HTTPProxy(url: proxy) } catch {
            problem("proxy", "must be http://[user:password@]host:port: \(error)")
            return nil
        }
    }
}
