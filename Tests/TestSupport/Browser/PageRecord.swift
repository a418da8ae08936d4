import Foundation

/// What the DevTools protocol tells of a page while it is used.
struct PageRecord: Sendable {
    private(set) var requests: [String] = []
    private(set) var problems: [String] = []

    private struct Event<Parameters: Decodable>: Decodable { let params: Parameters }

    private struct Request: Decodable {
        struct Target: Decodable { let url: String }

        let request: Target
    }

    private struct Socket: Decodable { let url: String }

    private struct Thrown: Decodable {
        struct Details: Decodable {
            struct Value: Decodable { let description: String? }

            let text: String
            let exception: Value?
        }

        let exceptionDetails: Details
    }

    private struct Console: Decodable {
        struct Argument: Decodable { let description: String? }

        let type: String
        let args: [Argument]
    }

    private struct Logged: Decodable {
        struct Entry: Decodable {
            let level: String
            let text: String
            let url: String?
        }

        let entry: Entry
    }

    mutating func take(_ event: String, _ message: Data) {
        func parameters<Parameters: Decodable>(_ type: Parameters.Type) -> Parameters? {
            // An event that cannot be read would hide what it tells of.
            try? JSONDecoder().decode(Event<Parameters>.self, from: message).params
        }
        func note(_ problem: String?) {
            problems.append(problem ?? "unreadable: \(String(decoding: message.prefix(300), as: UTF8.self))")
        }
        switch event {
        case "Network.requestWillBeSent": requests.append(parameters(Request.self)?.request.url ?? "unreadable")
        case "Network.webSocketCreated": requests.append(parameters(Socket.self)?.url ?? "unreadable")
        case "Runtime.exceptionThrown":
            note(parameters(Thrown.self).map { $0.exceptionDetails.exception?.description ?? $0.exceptionDetails.text })
        case "Runtime.consoleAPICalled":
            guard let told = parameters(Console.self) else { return note(nil) }
            // Its arguments are texts or errors; the whole message has the texts.
            if ["error", "warning", "assert"].contains(told.type) {
                note(told.args.first?.description ?? String(decoding: message.prefix(500), as: UTF8.self))
            }
        case "Log.entryAdded":
            guard let entry = parameters(Logged.self)?.entry else { return note(nil) }
            if ["error", "warning"].contains(entry.level) { note("\(entry.text) \(entry.url ?? "")") }
        default: break
        }
    }
}
