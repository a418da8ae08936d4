/// The key that signed a token, by its name and what it is made of: to ask later whether it still counts.
package struct TokenSigner: Sendable, Hashable {
    let fingerprint: String
}
