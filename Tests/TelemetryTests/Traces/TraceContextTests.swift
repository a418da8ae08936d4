import Testing

@testable import Telemetry

struct TraceContextTests {
    static let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    /// What stands behind the version.
    private static let rest = String(text.dropFirst(2))

    static let wrong: [String] = [
        "", "00", "\(text)-", "\(text)0", " \(rest)", "01\(rest)", "ff\(rest)", "0\(rest)", text.uppercased(),
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333+-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
        "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
    ]

    private func context(_ text: String) -> TraceContext? {
        Array(text.utf8).withUnsafeBytes { TraceContext(traceparent: $0) }
    }

    @Test func whatIsReadIsPrintedAgain() throws {
        let sampled = try #require(context(Self.text))
        #expect("\(sampled.traceID)" == "0af7651916cd43dd8448eb211c80319c")
        #expect("\(sampled.spanID)" == "b7ad6b7169203331")
        #expect(sampled.isSampled)
        #expect(sampled.traceparent == Self.text)
        let not = try #require(context(String(Self.text.dropLast(2)) + "00"))
        #expect(!not.isSampled && not.traceparent.hasSuffix("-00"))
    }

    /// Of flags that this version does not know nothing is kept.
    @Test func otherFlagsAreNotPassedOn() throws {
        let random = try #require(context(String(Self.text.dropLast(2)) + "03"))
        #expect(random.isSampled && random.traceparent == Self.text)
        #expect(try #require(context(String(Self.text.dropLast(2)) + "fe")).isSampled == false)
    }

    @Test(arguments: wrong) func anythingElseIsNone(_ text: String) {
        #expect(context(text) == nil)
    }

    @Test func aChildIsAnotherSpanOfTheSameTrace() {
        var generator = SystemRandomNumberGenerator()
        let root = TraceContext.root(using: &generator)
        let child = root.child(using: &generator)
        #expect(root.isSampled && child.isSampled)
        #expect(child.traceID == root.traceID && child.spanID != root.spanID)
        #expect(context(child.traceparent) == child)
        #expect(TraceContext.root(using: &generator).traceID != root.traceID)
    }

    /// 0 is not a valid id, and digits in front are not left out.
    @Test func idsOfAPoorGeneratorAreValid() throws {
        var ones = Ones()
        let root = TraceContext.root(using: &ones)
        #expect(context(root.traceparent) == root)
    }

    private struct Ones: RandomNumberGenerator {
        mutating func next() -> UInt64 { 1 }
    }
}
