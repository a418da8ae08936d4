import Foundation
import Testing

@testable import Broadcaster

/// The published documents say what the code does. Every frame of the other tests is checked where it arrives (`TestOutlet`).
struct SchemaTests {
    /// One good frame each, as they are written by hand.
    private static let frames = [
        #"{"t":"bye","in_ms":5000,"jitter_ms":10000}"#, #"{"t":"reset","sid":1,"why":"log_restarted"}"#,
        #"{"t":"d","ln":"a|b","seq":2,"prev":1,"pt":3,"u":[{"k":"00112233aabbccdd","p":1.5}]}"#,
        #"{"t":"hb","ts":1,"cur":{"1":"AQ"},"lag_ms":0,"feeds":{"a":["up",null]}}"#,
    ]

    @Test(arguments: frames) func goodFramesFitOneSchema(_ text: String) throws {
        #expect(try ProtocolSchemas.problems(text, "frames.json") == [])
    }

    @Test(arguments: [
        #"{"t":"bye","in_ms":5000}"#, #"{"t":"bye","in_ms":-1,"jitter_ms":1}"#,
        #"{"t":"bye","in_ms":"5","jitter_ms":1}"#,
        #"{"t":"bye","in_ms":1.5,"jitter_ms":1}"#, #"{"t":"bye","in_ms":1,"jitter_ms":1,"why":"x"}"#, #"{"t":"by"}"#,
        #"{"t":"reset","sid":1,"why":"tired"}"#, #"{"t":"reset","sid":0,"why":"log_restarted"}"#, "[]", "{}",
        #"{"t":"d","ln":"a","seq":2,"prev":1,"pt":3}"#, #"{"t":"d","ln":"a|b","seq":2,"prev":1,"pt":3,"u":[]}"#,
        #"{"t":"d","ln":"a|b","seq":2,"prev":1,"pt":3,"u":[{"k":"1"}]}"#,
        #"{"t":"hb","ts":1,"cur":{"1":1},"lag_ms":0,"feeds":{}}"#,
        #"{"t":"hb","ts":1,"cur":{},"lag_ms":0,"feeds":{"a":["up"]}}"#,
    ]) func badFramesFitNone(_ text: String) throws {
        #expect(try ProtocolSchemas.problems(text, "frames.json") != [])
    }

    @Test func everyCommandIsDescribed() throws {
        for text in [
            #"{"t":"auth","token":"x"}"#, #"{"t":"sub"}"#,
            #"{"t":"sub","id":1,"ch":"odds","f":{"sports":["football"],"live":true},"format":"american","conflate_ms":70}"#,
            #"{"t":"upd","sid":1,"add":{"fixtures":["fx"]},"del":{}}"#, #"{"t":"unsub","sid":1}"#,
            #"{"t":"resync","ln":"a|b"}"#, #"{"t":"hb","hb_ms":1000}"#,
        ] {
            #expect(try ProtocolSchemas.problems(text, "commands.json") == [], "\(text)")
            _ = try ClientCommand(decoding: Array(text.utf8))
        }
    }

    @Test func whatIsServedIsWhatIsInDocs() throws {
        let docs = ProtocolSchemas.docs
        let schemas = try FileManager.default.contentsOfDirectory(atPath: docs.appendingPathComponent("schemas").path)
        let paths = ["openapi.json", "asyncapi.json"] + schemas.map { "schemas/\($0)" }
        #expect(Set(ProtocolDocument.texts.keys) == Set(paths.map { "/\($0)" }))
        for path in paths {
            let text = try String(contentsOf: docs.appendingPathComponent(path), encoding: .utf8)
            #expect(ProtocolDocument.texts["/\(path)"] == text)
        }
    }

    // MARK: OpenAPI and AsyncAPI

    private func document(_ name: String) throws -> JSONText {
        try JSONText(parsing: String(contentsOf: ProtocolSchemas.docs.appendingPathComponent(name), encoding: .utf8))
    }

    @Test func openAPIHasTheRoutesOfTheCode() throws {
        let paths = try #require(try document("openapi.json")["paths"]?.object)
        let served = SubscriberRoutes.Resource.allCases.map(\.rawValue) + ProtocolDocument.texts.keys
        #expect(Set(paths.keys) == Set(served))
        #expect(paths.values.allSatisfy { $0.object?.keys.sorted() == ["get"] })
    }

    @Test func openAPIHasTheParametersOfTheCode() throws {
        let parameters = try #require(try document("openapi.json")["components"]?["parameters"]?.object)
        #expect(Set(parameters.keys) == Set(SubscriptionQuery.parameterNames))
        #expect(parameters.allSatisfy { $0.value["name"]?.string == $0.key })
    }

    @Test func parametersAreUnderstood() throws {
        for name in SubscriptionQuery.parameterNames {
            let value = ["live": "true", "format": "decimal", "ch": "odds"][name] ?? "1000"
            #expect(throws: Never.self, "\(name)") { _ = try SubscriptionQuery([(name: name, value: value)]) }
        }
    }

    @Test(arguments: ["openapi.json", "asyncapi.json"]) func referencesLead(_ name: String) throws {
        let document = try document(name)
        for reference in references(document) {
            let parts = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            var place = parts[0].isEmpty ? document : try self.document(String(parts[0]))
            for step in (parts.count > 1 ? parts[1] : "").split(separator: "/") {
                let key = step.replacing("~1", with: "/")
                guard let next = place[String(key)] else {
                    Issue.record("\(reference) leads nowhere")
                    break
                }
                place = next
            }
        }
    }

    @Test func asyncAPIHasEveryMessage() throws {
        let messages = try #require(try document("asyncapi.json")["components"]?["messages"]?.object)
        for (file, prefix) in [("schemas/frames.json", "server_"), ("schemas/commands.json", "client_")] {
            let alternatives = try #require(try document(file)["oneOf"]?.array)
            for alternative in alternatives {
                let type = try #require(alternative["$ref"]?.string?.split(separator: "/").last)
                #expect(messages["\(prefix)\(type)"] != nil, "\(type)")
            }
        }
    }

    private func references(_ value: JSONText) -> [String] {
        switch value {
        case .object(let members):
            members.flatMap { name, member in
                name == "$ref" ? [member.string ?? ""] : references(member)
            }
        case .array(let elements): elements.flatMap(references)
        default: []
        }
    }
}
