import FeedJSON
import FeedModel

/// Names as providers write them for people: questions and titles of any length.
enum NameText {
    /// The text without control characters, cut to what fields for text take. A name that is too long is still a name:
    /// refusing the message for it would lose what else it says. Empty for what is no text.
    static func read(_ value: JSONValue?) -> [UInt8] {
        guard let value, value.isString else { return [] }
        var bytes = value.text.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: " ") : $0 }
        guard bytes.count > ValueForm.textBytes else { return bytes }
        // Not in the middle of a character: continuation bytes are 10xxxxxx.
        var end = ValueForm.textBytes
        while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        bytes.removeSubrange(end...)
        return bytes
    }

    /// An id, if the value is one.
    static func id(_ value: JSONValue?) -> [UInt8] { value.flatMap(ValueReading.id).map { [UInt8]($0) } ?? [] }
}

extension JSONValue {
    /// The member of that name; nil when absent or null. A walk over the object: for rare messages, and for keys that are
    /// too long for a table.
    func member(_ key: String) -> JSONValue? {
        for member in members where member.key.elementsEqual(key.utf8) {
            return member.value.isNull ? nil : member.value
        }
        return nil
    }
}
