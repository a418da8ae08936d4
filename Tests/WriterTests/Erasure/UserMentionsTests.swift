import Testing

@testable import Writer

@Suite("Where a user is named")
struct UserMentionsTests {
    private let mentions = UserMentions(user: "u-1", token: "gone")

    private func replaced(_ text: String) -> String? {
        mentions.replaced(in: Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        (#"{"user_id":"u-1","amount":5}"#, #"{"user_id":"gone","amount":5}"#),
        ("{\"user_id\" :\n \"u-1\" }", "{\"user_id\" :\n \"gone\" }"),
        (
            #"[{"user_id":"u-1"},{"user_id":"u-2"},{"user_id":"u-1"}]"#,
            #"[{"user_id":"gone"},{"user_id":"u-2"},{"user_id":"gone"}]"#
        ),
        (#"{"user_id":"\u0075-1"}"#, #"{"user_id":"gone"}"#),
        (#"{"us\u0065r_id":"u-1"}"#, #"{"us\u0065r_id":"gone"}"#),
        (#"{"rfs":"u-1","accountId":"u-1"}"#, #"{"rfs":"gone","accountId":"gone"}"#),
        (#"{"text":"\"user_id\":\"x","user_id":"u-1""#, #"{"text":"\"user_id\":\"x","user_id":"gone""#),
        (#"{"user_id":"u-"#, #"{"user_id":"gone""#), (#"{"user_id":"u-1"#, #"{"user_id":"gone""#),
    ])
    func `the id is replaced`(text: String, expected: String) {
        #expect(replaced(text) == expected)
    }

    @Test(arguments: [
        #"{"option_id":"u-1"}"#, #"{"user_id":"u-11"}"#, #"{"user_id":"U-1"}"#, #""user_id""#, #"{"user_id":"#, "",
        "\"", #"{"user_id":["u-1"]}"#, #"{"x":"user_id","u-1":1}"#, #"{"user_id":"\"#, #"{"user_id":"x"#,
    ])
    func `the same text elsewhere stays`(text: String) {
        #expect(replaced(text) == nil)
    }

    @Test func `numbers and pairs of escapes are read as what they mean`() {
        let number = UserMentions(user: "17", token: "gone")
        #expect(
            number.replaced(in: Array(#"{"accountId": 17, "n": 17}"#.utf8))
                == Array(#"{"accountId": "gone", "n": 17}"#.utf8))
        let face = UserMentions(user: "\u{1F3C7}/", token: "gone")
        #expect(face.replaced(in: Array(#"{"user_id":"\ud83c\udfc7\/"}"#.utf8)) == Array(#"{"user_id":"gone"}"#.utf8))
    }
}
