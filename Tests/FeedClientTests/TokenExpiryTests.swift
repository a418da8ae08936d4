import Testing

@testable import FeedClient

/// When a token says that it runs out.
@Suite struct TokenExpiryTests {
    @Test(arguments: [
        // {"exp":1893456000}, {"exp":1893456000.9}, {"sub":"we","exp":1893456000}
        "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE4OTM0NTYwMDB9.c2ln",
        "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE4OTM0NTYwMDAuOX0.c2ln",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ3ZSIsImV4cCI6MTg5MzQ1NjAwMH0.c2ln",
    ]) func `the claim of a JWT`(_ token: String) {
        #expect(TokenExpiry.claimed(by: token) == 1_893_456_000)
    }

    @Test(arguments: [
        "", "secret", "a.b", "a.b.c", "..", "e30.e30.e30", "e30.W10.e30", "e30.eyJleHAiOiJzb29uIn0.e30",
        // {"exp":1e300}
        "e30.eyJleHAiOjFlMzAwfQ.e30",
    ]) func `other tokens say nothing`(_ token: String) { #expect(TokenExpiry.claimed(by: token) == nil) }
}
