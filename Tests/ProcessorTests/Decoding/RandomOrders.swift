import FeedModel

@testable import Processor

/// Orders of random bets: good and bad ones, repeats, images.
enum RandomOrders {
    /// One order, and whether it is fit to be told.
    struct Order {
        let id: Int
        let market: Int
        let isLay: Bool
        let isComplete: Bool
        let matched: Int
        let remaining: Int
        let isGood: Bool

        /// A bet keeps its side and its place.
        init(using generator: inout SeededGenerator) {
            id = Int.random(in: 0..<12, using: &generator)
            market = id % 3
            isLay = id % 2 == 1
            isComplete = Int.random(in: 0..<3, using: &generator) == 0
            matched = Int.random(in: 0..<3, using: &generator)
            remaining = isComplete ? 0 : 5 - matched
            isGood = Int.random(in: 0..<6, using: &generator) != 0
        }

        var json: String {
            let price = isGood ? "2.5" : "0.5"
            let done = 5 - matched - remaining
            return """
                {"id":"b\(id)","p":\(price),"s":5,"side":"\(isLay ? "L" : "B")","status":"\(isComplete ? "EC" : "E")",
                "ot":"L","pt":"L","sm":\(matched),"sr":\(remaining),"sl":0,"sc":\(done),"sv":0,"rfs":"s\(id % 2)"}
                """
        }

        /// What is to be told of it.
        var terms: (status: BetStatus, amount: Int) {
            if matched > 0 { return (.accepted, matched) }
            return isComplete ? (.rejected, 5) : (.placed, remaining)
        }
    }

    static func frame(using generator: inout SeededGenerator) -> [UInt8] {
        let orders = (0..<Int.random(in: 0...4, using: &generator)).map { _ in Order(using: &generator) }
        return frame(orders, using: &generator)
    }

    /// A market for each order: the same one may occur several times.
    static func frame(_ orders: [Order], using generator: inout SeededGenerator) -> [UInt8] {
        let changes = orders.map { order in
            let image = Int.random(in: 0..<4, using: &generator) == 0 ? "\"fullImage\":true," : ""
            let runner = "{\(image)\"id\":\(order.id),\"uo\":[\(order.json)]}"
            return "{\(image)\"id\":\"1.\(order.market)\",\"orc\":[\(runner)]}"
        }
        return Array(#"{"op":"ocm","clk":"A","pt":1763719199000,"oc":[\#(changes.joined(separator: ","))]}"#.utf8)
    }
}
