import Metrics
import Telemetry
import Testing

struct PrometheusFactoryTests {
    /// The lines about one metric.
    private func lines(_ factory: PrometheusFactory, about name: String) -> [String] {
        factory.render().split(separator: "\n").map(String.init).filter { line in
            line.hasPrefix(name) || line.hasPrefix("# TYPE \(name)") || line.hasPrefix("# HELP \(name)")
        }
    }

    @Test func countersAddUp() {
        let factory = PrometheusFactory()
        factory.describe("touchline_test_total", "Counts \\ things\nhere.")
        let counter = Counter(label: "touchline_test_total", dimensions: [("feed", "a")], factory: factory)
        counter.increment(by: 41)
        counter.increment()
        Counter(label: "touchline_test_total", dimensions: [("feed", "b")], factory: factory).increment(by: 7)
        #expect(
            lines(factory, about: "touchline_test_total") == [
                #"# HELP touchline_test_total Counts \\ things\nhere."#, "# TYPE touchline_test_total counter",
                #"touchline_test_total{feed="a"} 42"#, #"touchline_test_total{feed="b"} 7"#,
            ])
    }

    @Test func whoAsksForTheSameGetsTheSame() {
        let factory = PrometheusFactory()
        for _ in 0..<3 { Counter(label: "same_total", factory: factory).increment() }
        FloatingPointCounter(label: "same_total", factory: factory).increment(by: 0.5)
        #expect(lines(factory, about: "same_total") == ["# TYPE same_total counter", "same_total 3.5"])
        #expect(factory.conflicts == 0)
    }

    @Test func aCounterNeverShrinks() {
        let factory = PrometheusFactory()
        let counter = Counter(label: "grow_total", factory: factory)
        counter.increment(by: 5)
        counter.increment(by: -3)
        FloatingPointCounter(label: "grow_total", factory: factory).increment(by: -Double.infinity)
        #expect(lines(factory, about: "grow_total").last == "grow_total 5")
    }

    @Test func aGaugeIsNotANumberUntilItIsKnown() {
        let factory = PrometheusFactory()
        let gauge = Gauge(label: "lag", factory: factory)
        #expect(lines(factory, about: "lag") == ["# TYPE lag gauge", "lag NaN"])
        gauge.record(12.25)
        #expect(lines(factory, about: "lag").last == "lag 12.25")
        gauge.record(Double.nan)
        #expect(lines(factory, about: "lag").last == "lag NaN")
        let meter = Meter(label: "subscribers", factory: factory)
        meter.increment()
        meter.increment(by: 2)
        meter.decrement()
        #expect(lines(factory, about: "subscribers").last == "subscribers 2")
        meter.set(Double.infinity)
        #expect(lines(factory, about: "subscribers").last == "subscribers +Inf")
    }

    @Test func histogramsAreCumulative() {
        let factory = PrometheusFactory(buckets: HistogramBuckets(exceptions: ["batch_rows": [100, 10, .infinity, 1]]))
        let recorder = Recorder(label: "batch_rows", dimensions: [("table", "odds")], factory: factory)
        for value in [1.0, 2, 10, 11, 1000, .nan] { recorder.record(value) }
        #expect(
            lines(factory, about: "batch_rows") == [
                "# TYPE batch_rows histogram",
                #"batch_rows_bucket{table="odds",le="1"} 1"#,
                #"batch_rows_bucket{table="odds",le="10"} 3"#,
                #"batch_rows_bucket{table="odds",le="100"} 4"#,
                #"batch_rows_bucket{table="odds",le="+Inf"} 5"#,
                #"batch_rows_sum{table="odds"} 1024"#, #"batch_rows_count{table="odds"} 5"#,
            ])
    }

    @Test func timersAreInSeconds() {
        let factory = PrometheusFactory()
        let timer = Timer(label: "commit_seconds", factory: factory)
        timer.recordMilliseconds(3)
        timer.recordSeconds(2)
        let lines = lines(factory, about: "commit_seconds")
        #expect(lines.contains(#"commit_seconds_bucket{le="0.0025"} 0"#))
        #expect(lines.contains(#"commit_seconds_bucket{le="0.005"} 1"#))
        #expect(lines.contains(#"commit_seconds_bucket{le="2.5"} 2"#))
        #expect(lines.contains("commit_seconds_sum 2.003"))
        #expect(lines.contains("commit_seconds_count 2"))
    }

    @Test(arguments: [("x_seconds", "60"), ("x_bytes", "16777216"), ("x_rows", "100000"), ("x_ratio", "1")])
    func bucketsFollowTheUnit(name: String, largest: String) {
        let factory = PrometheusFactory()
        Recorder(label: name, factory: factory).record(0)
        let bounds = lines(factory, about: "\(name)_bucket").filter { !$0.contains("Inf") }
        #expect(bounds.last == "\(name)_bucket{le=\"\(largest)\"} 1")
    }

    @Test func labelValuesAndNamesAreEscaped() {
        let factory = PrometheusFactory()
        let dimensions = [("feed-name", "a\"b\\c\nd"), ("9lives", "é")]
        Counter(label: "odd name.total", dimensions: dimensions, factory: factory).increment()
        #expect(lines(factory, about: "odd_name_total").last == #"odd_name_total{feed_name="a\"b\\c\nd",_lives="é"} 1"#)
    }

    @Test func aNameHasOneKind() {
        let factory = PrometheusFactory()
        Counter(label: "thing", factory: factory).increment()
        Gauge(label: "thing", factory: factory).record(99)
        #expect(lines(factory, about: "thing") == ["# TYPE thing counter", "thing 1"])
        #expect(factory.conflicts == 1)
    }

    @Test func aDestroyedMetricIsGone() {
        let factory = PrometheusFactory()
        let counter = Counter(label: "gone_total", dimensions: [("feed", "a")], factory: factory)
        counter.increment()
        counter.destroy()
        #expect(lines(factory, about: "gone_total").isEmpty)
    }

    @Test func everyThreadCounts() async {
        let factory = PrometheusFactory()
        let counter = Counter(label: "race_total", factory: factory)
        let timer = Timer(label: "race_seconds", factory: factory)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        counter.increment()
                        timer.recordNanoseconds(1)
                    }
                }
            }
        }
        #expect(lines(factory, about: "race_total").last == "race_total 8000")
        #expect(lines(factory, about: "race_seconds").last == "race_seconds_count 8000")
    }

    @Test func theProcessTellsOfItself() throws {
        let text = PrometheusFactory().render()
        #expect(text.contains("touchline_build_info{version=\"\(BuildInfo.version)\""))
        for name in ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"] {
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(name) ") })
            #expect(try #require(line.split(separator: " ").last.flatMap { Double($0) }) > 0)
        }
    }
}
