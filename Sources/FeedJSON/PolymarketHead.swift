/// What the session of Polymarket's market channel needs to know of a frame while first books are awaited.
package struct PolymarketHead: Sendable, Equatable {
    /// It has messages: an object, or a list of at least one.
    package var hasMessages = false
    /// Of which tokens it has the whole book.
    package var books: [String] = []
}

/// Polymarket's part of a scanner.
final class PolymarketPeek {
    private let peek = JSONPeek(["event_type", "asset_id"])

    func head(of frame: UnsafeRawBufferPointer) -> PolymarketHead {
        var head = PolymarketHead()
        peek.open(frame)
        guard peek.take(UInt8(ascii: "[")) else {
            if peek.look() { add(to: &head) }
            return head
        }
        repeat {
            switch peek.lookAtElement() {
            case .object: add(to: &head)
            case .other: break
            case .unreadable: return PolymarketHead()
            }
        } while peek.take(UInt8(ascii: ","))
        return peek.take(UInt8(ascii: "]")) ? head : PolymarketHead()
    }

    private func add(to head: inout PolymarketHead) {
        head.hasMessages = true
        guard let type = peek.string(0), type.elementsEqual("book".utf8), let asset = peek.string(1) else { return }
        head.books.append(String(decoding: asset, as: UTF8.self))
    }
}

extension JSONScanner {
    /// Whose books a frame of Polymarket's market channel has. For the first frames of a session: it allocates.
    /// `slack` bytes behind `frame` have to be readable.
    package func polymarketHead(_ frame: UnsafeRawBufferPointer) -> PolymarketHead { polymarketPeek.head(of: frame) }
}
