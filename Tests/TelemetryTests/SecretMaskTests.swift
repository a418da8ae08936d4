import Telemetry
import Testing

struct SecretMaskTests {
    @Test(arguments: [
        ("redis://user:pa:ss@w@host:6379/0", "redis://user:***@host:6379/0"),
        ("redis://:pass@host", "redis://:***@host"),
        ("redis://host:6379/0", "redis://host:6379/0"),
        ("a redis://u:p@h and wss://v:q@i/x?a=b@c", "a redis://u:***@h and wss://v:***@c"),
        ("postgresql://u:pa@ss/wo#r?d@host/x: refused", "postgresql://u:***@host/x: refused"),
        ("'redis://:a/b@host/0' and \"ws://v:c#d@i\"", "'redis://:***@host/0' and \"ws://v:***@i\""),
        ("wss://host/x?mail=a@b", "wss://host/x?mail=a@b"),
        ("host=db password=abc dbname=x", "host=db password=*** dbname=x"),
        ("unix:///run/redis.sock?db=0&password=abc&x=1", "unix:///run/redis.sock?db=0&password=***&x=1"),
        (#"{"token": "abc", "seq": 1}"#, #"{"token": "***", "seq": 1}"#),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("the token expired", "the token expired"),
        ("password=", "password="),
        ("://@", "://@"),
        ("", ""),
        ("ends with ://", "ends with ://"),
        ("token", "token"),
    ])
    func masks(text: String, expected: String) {
        #expect(SecretMask.masked(text) == expected)
    }

    @Test func keysThatNameSecrets() {
        #expect(SecretMask.isSecret(key: "PASSWORD"))
        #expect(SecretMask.isSecret(key: "jwt_secret"))
        #expect(SecretMask.isSecret(key: "x-api_key"))
        #expect(!SecretMask.isSecret(key: "tokens"))
        #expect(!SecretMask.isSecret(key: "feed"))
    }
}
