import Testing

@testable import Touchline

/// A password in a server's URL that would be taken for a host or a path is refused, and not shown.
@Suite struct PasswordEncodingTests {
    @Test(arguments: [
        "redis://:pa@ss@127.0.0.1:6379/0", "redis://u:pa/ss@127.0.0.1", "postgresql://u:12/x@db-1/touchline",
        "postgresql://u:pa#ss@db-1", "postgresql://u:pa?ss@db-1/t", "postgresql://u:pa/ss?x=y@db-1/t",
        "redis://u@corp:pass@h",
    ]) func `what is not encoded`(url: String) {
        #expect(PasswordEncoding.isMissing(in: url))
    }

    @Test(arguments: [
        "redis://127.0.0.1:6379/0", "redis://:p%40s%2Fs%23@127.0.0.1:6379/0", "unix:///run/redis.sock?password=a@b",
        "postgresql://u:p@db-1:5432,db-2:5432/t?target_session_attrs=read-write", "host=h password=a@b/c",
        "postgresql://u:p@db-1:5432/t?application_name=a@b", "postgresql://db-1:5432/t?user=u@corp",
        "postgresql://u@db-1/t", "",
    ]) func `what is`(url: String) {
        #expect(!PasswordEncoding.isMissing(in: url))
    }

    @Test(arguments: ["redis", "postgres"]) func `lint refuses it and says how to write it`(server: String) {
        let yaml = "\(server): { url: \"\(server == "redis" ? "redis" : "postgresql")://u:hu@sh/hush@h/0\" }"
        #expect {
            try TouchlineConfiguration.read(
                ConfigurationNode(parsing: yaml, file: "test"), file: "test", environment: [:])
        } throws: { error in
            let text = "\(error)"
            return text.contains("line 1: '\(server).url' has a user or password that is not percent-encoded")
                && text.contains("%40 for @, %2F for /, %23 for #") && !text.contains("hu@") && !text.contains("hush")
        }
    }
}
