/// The sports that the simulator plays.
package enum Sport: String, Sendable, CaseIterable {
    case football, basketball, tennis
    case iceHockey = "ice_hockey"
    case americanFootball = "american_football"
    case cricket
    case horseRacing = "horse_racing"
    case motorRacing = "motor_racing"

    /// The name that people read.
    package var name: String {
        switch self {
        case .football: "Football"
        case .basketball: "Basketball"
        case .tennis: "Tennis"
        case .iceHockey: "Ice Hockey"
        case .americanFootball: "American Football"
        case .cricket: "Cricket"
        case .horseRacing: "Horse Racing"
        case .motorRacing: "Motor Racing"
        }
    }

    /// How often a new fixture is of this sport, relative to the others.
    var weight: Double {
        switch self {
        case .football: 10
        case .tennis: 4
        case .basketball, .horseRacing: 3
        case .iceHockey: 2
        case .americanFootball, .cricket: 1.5
        case .motorRacing: 0.5
        }
    }

    /// Minutes from start to end, breaks included. A tennis match ends when it is won.
    var minutes: Double {
        switch self {
        case .football: 105
        case .basketball: 120
        case .tennis: 120
        case .iceHockey: 130
        case .americanFootball: 180
        case .cricket: 200
        case .horseRacing: 4
        case .motorRacing: 95
        }
    }

    var tournaments: [Tournament] {
        switch self {
        case .football: Tournament.football
        case .basketball: Tournament.basketball
        case .tennis: Tournament.tennis
        case .iceHockey: Tournament.iceHockey
        case .americanFootball: Tournament.americanFootball
        case .cricket: Tournament.cricket
        case .horseRacing: Tournament.horseRacing
        case .motorRacing: Tournament.motorRacing
        }
    }
}

/// A competition and who plays in it.
struct Tournament: Sendable {
    let id: String
    let name: String
    /// Teams, players, horses or drivers, roughly from the strongest to the weakest: prices follow the order.
    let competitors: [String]
    /// The titles of a race meeting's races; empty where two sides meet.
    let races: [String]

    /// Lists are comma-separated.
    init(_ id: String, _ name: String, _ competitors: String, races: String = "") {
        self.id = id
        self.name = name
        self.competitors = Self.items(competitors)
        self.races = Self.items(races)
    }

    private static func items(_ list: String) -> [String] {
        list.split(whereSeparator: { $0 == "," || $0.isNewline }).compactMap { item in
            let words = item.split(separator: " ")
            return words.isEmpty ? nil : words.joined(separator: " ")
        }
    }
}
