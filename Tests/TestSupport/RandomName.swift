/// Names that no other test uses.
package enum RandomName {
    /// `<prefix>-<16 hexadecimal digits>`: fits a feed name, a key prefix and a database name.
    package static func next(_ prefix: String = "test") -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return "\(prefix)-" + String(repeating: "0", count: 16 - digits.count) + digits
    }
}
