/// Fields whose keys are the snake case of their names: `bestBid` is `best_bid`.
protocol SnakeCaseField: MessageField {}

extension SnakeCaseField {
    var key: String {
        "\(self)".reduce(into: "") { key, character in
            if character.isUppercase { key.append("_") }
            key.append(character.lowercased())
        }
    }
}
