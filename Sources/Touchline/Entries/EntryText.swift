import FeedModel

/// Entries as people read them: one item for each frame, event or letter, a JSON line each.
enum EntryText {
    /// The control event of a raw entry; nil if it holds frames.
    static func control(of payload: [UInt8]) throws -> ControlEvent? {
        try payload.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            guard try RawEntry.header(&cursor).kind == .control else { return nil }
            return try ControlEvent(decoding: try RawEntry.frame(&cursor).bytes)
        }
    }

    /// Frame number, time and text of each frame of a raw entry.
    static func frames(of payload: [UInt8]) throws -> [EntryItem] {
        try payload.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            let header = try RawEntry.header(&cursor)
            return try (0..<header.frameCount).map { index in
                let frame = try RawEntry.frame(&cursor)
                let kind = header.kind == .control ? "control" : frame.isBinary ? "binary" : "text"
                return EntryItem([
                    ("frame", .json("\(header.first + FrameNumber(index))")),
                    ("received_at", .text(header.receivedAt.description)), ("kind", .text(kind)),
                    ("body", body(frame.bytes)),
                ])
            }
        }
    }

    /// JSON bodies go in as they are; anything else as a JSON string.
    private static func body(_ bytes: UnsafeRawBufferPointer) -> EntryItem.Value {
        let text = bytes.string
        return text.hasPrefix("{") || text.hasPrefix("[") ? .json(text) : .text(text)
    }

    /// The events of an `events` entry.
    static func events(of payload: [UInt8]) throws -> [EntryItem] {
        try payload.withUnsafeBytes { bytes in
            var reader = try EventsEntryReader(bytes)
            var items: [EntryItem] = []
            while let event = try reader.next() { items.append(EventText.item(event, at: reader.header.receivedAt)) }
            return items
        }
    }

    static func letter(_ letter: DeadLetter) -> EntryItem {
        EntryItem([
            ("type", .text("dead_letter")), ("position", .text(letter.position.description)),
            ("received_at", .text(letter.receivedAt.description)), ("stage", .text(letter.stage.name)),
            ("reason", .text(letter.reason.name)), ("detail", .text(letter.detail)),
            ("payload", .text(String(decoding: letter.payload, as: UTF8.self))),
        ])
    }

    /// A JSON string (RFC 8259 section 7).
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
