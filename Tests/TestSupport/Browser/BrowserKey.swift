/// A key, as the DevTools protocol wants it described.
package struct BrowserKey: Sendable {
    let name: String
    let code: String
    /// Its number in the events of a browser.
    let number: Int
    /// What it types.
    var text: String?
    var hasShift = false

    package static let enter = BrowserKey(name: "Enter", code: "Enter", number: 13, text: "\r")
    package static let escape = BrowserKey(name: "Escape", code: "Escape", number: 27)
    package static let tab = BrowserKey(name: "Tab", code: "Tab", number: 9)
    package static let arrowDown = BrowserKey(name: "ArrowDown", code: "ArrowDown", number: 40)
    package static let arrowUp = BrowserKey(name: "ArrowUp", code: "ArrowUp", number: 38)
    package static let backTab = BrowserKey(name: "Tab", code: "Tab", number: 9, hasShift: true)

    private init(name: String, code: String, number: Int, text: String? = nil, hasShift: Bool = false) {
        self.name = name
        self.code = code
        self.number = number
        self.text = text
        self.hasShift = hasShift
    }

    /// The key of a character.
    package init(_ character: Character) {
        let upper = character.uppercased()
        self.init(
            name: String(character), code: character.isLetter ? "Key\(upper)" : "",
            number: upper.unicodeScalars.first.map { Int($0.value) } ?? 0, text: String(character))
    }
}
