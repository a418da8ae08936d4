/// What both ends agreed on about permessage-deflate (RFC 7692 §7.1).
struct DeflateParameters: Sendable, Hashable {
    var serverNoContextTakeover = false
    var clientNoContextTakeover = false
    var serverMaximumWindowBits = 15
    var clientMaximumWindowBits = 15

    static let extensionName = "permessage-deflate"

    /// zlib has no raw deflate window of 8 bits: an end that must use one sends its messages uncompressed.
    private static let smallestWindowBits = 9

    /// The client's ends of the two directions.
    var clientCodecs: (inflater: MessageInflater, deflater: MessageDeflater?) {
        (
            inflater(bits: serverMaximumWindowBits, keepsWindow: !serverNoContextTakeover),
            deflater(bits: clientMaximumWindowBits, keepsWindow: !clientNoContextTakeover)
        )
    }

    /// The server's ends of the two directions.
    var serverCodecs: (inflater: MessageInflater, deflater: MessageDeflater?) {
        (
            inflater(bits: clientMaximumWindowBits, keepsWindow: !clientNoContextTakeover),
            deflater(bits: serverMaximumWindowBits, keepsWindow: !serverNoContextTakeover)
        )
    }

    private func inflater(bits: Int, keepsWindow: Bool) -> MessageInflater {
        MessageInflater(windowBits: max(bits, Self.smallestWindowBits), keepsWindow: keepsWindow)
    }

    private func deflater(bits: Int, keepsWindow: Bool) -> MessageDeflater? {
        bits < Self.smallestWindowBits ? nil : MessageDeflater(windowBits: bits, keepsWindow: keepsWindow)
    }
}

// MARK: - The client's side

extension DeflateParameters {
    /// The value of the request's `Sec-WebSocket-Extensions`.
    static func offer(_ offer: CompressionOffer) -> String {
        var text = extensionName
        if offer.serverNoContextTakeover { text += "; server_no_context_takeover" }
        if offer.clientNoContextTakeover { text += "; client_no_context_takeover" }
        if offer.serverMaximumWindowBits < 15 { text += "; server_max_window_bits=\(offer.serverMaximumWindowBits)" }
        let bits = offer.clientMaximumWindowBits
        return text + (bits < 15 ? "; client_max_window_bits=\(bits)" : "; client_max_window_bits")
    }

    /// What the response's extensions mean; nil when the server declined. Throws when it answers what was not offered.
    static func accepted(_ extensions: [String], offer: CompressionOffer?) throws(ProtocolViolation) -> Self? {
        guard let first = extensions.first else { return nil }
        guard let offer, extensions.count == 1 else { throw ProtocolViolation("extension that was not offered") }
        guard let parameters = ExtensionParameters(first), parameters.name == extensionName else {
            throw ProtocolViolation("extension that was not offered")
        }
        var agreed = DeflateParameters()
        agreed.clientNoContextTakeover = offer.clientNoContextTakeover
        agreed.clientMaximumWindowBits = offer.clientMaximumWindowBits
        for (name, value) in parameters.all {
            switch (name, value.map { Int($0) }) {
            case ("server_no_context_takeover", nil): agreed.serverNoContextTakeover = true
            case ("client_no_context_takeover", nil): agreed.clientNoContextTakeover = true
            case ("server_max_window_bits", .some(.some(let bits))) where 8...15 ~= bits:
                agreed.serverMaximumWindowBits = bits
            case ("client_max_window_bits", .some(.some(let bits))) where 8...15 ~= bits:
                agreed.clientMaximumWindowBits = min(bits, offer.clientMaximumWindowBits)
            default: throw ProtocolViolation("invalid compression parameter")
            }
        }
        guard agreed.serverMaximumWindowBits <= offer.serverMaximumWindowBits,
            agreed.serverNoContextTakeover || !offer.serverNoContextTakeover
        else { throw ProtocolViolation("compression parameter that was not offered") }
        return agreed
    }
}

// MARK: - The server's side

extension DeflateParameters {
    /// The first offer that can be accepted, with the value of the response's `Sec-WebSocket-Extensions`.
    static func negotiate(_ offers: [String], _ policy: ServerCompression) -> (agreed: Self, answer: String)? {
        guard policy != .off else { return nil }
        for offer in offers.compactMap(ExtensionParameters.init) where offer.name == extensionName {
            if let result = agree(offer, policy) { return result }
        }
        return nil
    }

    private static func agree(
        _ offer: ExtensionParameters, _ policy: ServerCompression
    ) -> (agreed: Self, answer: String)? {
        var agreed = DeflateParameters()
        let forgets = policy == .withoutContextTakeover
        agreed.serverNoContextTakeover = forgets
        agreed.clientNoContextTakeover = forgets
        var answersServerBits = false
        for (name, value) in offer.all {
            switch (name, value.map { Int($0) }) {
            case ("server_no_context_takeover", nil): agreed.serverNoContextTakeover = true
            case ("client_no_context_takeover", nil): agreed.clientNoContextTakeover = true
            case ("server_max_window_bits", .some(.some(let bits)))
            where (forgets ? 15 : smallestWindowBits)...15 ~= bits:
                agreed.serverMaximumWindowBits = bits
                answersServerBits = true
            case ("client_max_window_bits", nil): break
            // A hint only: the client promises a window; ours may be larger.
            case ("client_max_window_bits", .some(.some(let bits))) where 8...15 ~= bits: break
            default: return nil
            }
        }
        var answer = extensionName
        if agreed.serverNoContextTakeover { answer += "; server_no_context_takeover" }
        if agreed.clientNoContextTakeover { answer += "; client_no_context_takeover" }
        if answersServerBits { answer += "; server_max_window_bits=\(agreed.serverMaximumWindowBits)" }
        return (agreed, answer)
    }
}

/// One element of a `Sec-WebSocket-Extensions` field (RFC 6455 §9.1).
struct ExtensionParameters {
    let name: String
    /// In order; nil for a parameter without a value.
    let all: [(name: String, value: String?)]

    /// Nil when a parameter occurs twice or is malformed.
    init?(_ text: String) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map { $0.trimmingSpaces() }
        guard let first = parts.first, !first.isEmpty else { return nil }
        name = first.lowercased()
        all = parts.dropFirst().map { part in
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = pair.count > 1 ? String(pair[1].trimmingSpaces()) : nil
            return (String(pair.first?.trimmingSpaces() ?? "").lowercased(), value.map(Self.unquoted))
        }
        guard Set(all.map(\.name)).count == all.count, !all.contains(where: { $0.name.isEmpty }) else { return nil }
    }

    private static func unquoted(_ value: String) -> String {
        guard value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") else { return value }
        return String(value.dropFirst().dropLast())
    }
}
