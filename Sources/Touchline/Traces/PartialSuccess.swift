import Foundation

/// What a collector says that took some spans and not others (`ExportTraceServiceResponse`).
struct PartialSuccess: Decodable {
    private struct Content: Decodable {
        /// A 64-bit integer, which is a text in the JSON form.
        let rejectedSpans: String?
    }

    private let partialSuccess: Content?

    /// As many as it did not want; 0 when it says nothing that can be read.
    static func refusedSpans(of body: [UInt8]) -> Int {
        let answer = try? JSONDecoder().decode(PartialSuccess.self, from: Data(body))
        return answer?.partialSuccess?.rejectedSpans.flatMap { Int($0) } ?? 0
    }
}
