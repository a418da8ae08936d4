import FeedModel

/// A fixture's whole state, as subscribers see it.
struct FixtureInfo: Sendable, Equatable {
    var sportID = ""
    var sport = ""
    var tournamentID = ""
    var tournament = ""
    var homeTeam = ""
    var awayTeam = ""
    var startTime: Timestamp?
    var status = FixtureStatus.scheduled
    var homeScore: Int32?
    var awayScore: Int32?

    init() {}

    init(_ event: FixtureUpdate) {
        sportID = event.sportID.string
        sport = event.sport.string
        tournamentID = event.tournamentID.string
        tournament = event.tournament.string
        homeTeam = event.homeTeam.string
        awayTeam = event.awayTeam.string
        startTime = event.startTime
        status = event.status
        homeScore = event.homeScore
        awayScore = event.awayScore
    }

    /// A fixture that was live and stands still, in a break or under review, is not over.
    var isLive: Bool { status == .live || status == .suspended }

    var isOver: Bool { status == .finished || status == .cancelled }
}

/// What filters look at, in the form they compare it in.
struct LaneFacts: Sendable, Equatable {
    let feed: Int
    let fixtureID: String
    /// Identifier and name of the sport, lower case; empty while the fixture is not known.
    let sports: [String]
    let tournaments: [String]
    let isLive: Bool

    init(feed: Int, fixtureID: String, fixture: FixtureInfo?) {
        self.feed = feed
        self.fixtureID = fixtureID
        sports = Self.words(fixture?.sportID, fixture?.sport)
        tournaments = Self.words(fixture?.tournamentID, fixture?.tournament)
        isLive = fixture?.isLive ?? false
    }

    private static func words(_ id: String?, _ name: String?) -> [String] {
        var words: [String] = []
        for text in [id, name] {
            guard let word = text?.lowercased(), !word.isEmpty, !words.contains(word) else { continue }
            words.append(word)
        }
        return words
    }
}
