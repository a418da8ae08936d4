extension Tournament {
    static let americanFootball: [Tournament] = [
        Tournament(
            "nfl", "NFL",
            """
            Philadelphia Eagles, Buffalo Bills, Kansas City Chiefs, Baltimore Ravens, Detroit Lions, Green Bay Packers,
            Los Angeles Rams, Denver Broncos, Tampa Bay Buccaneers, San Francisco 49ers, Washington Commanders,
            Los Angeles Chargers, Seattle Seahawks, Minnesota Vikings, Houston Texans, Cincinnati Bengals,
            Pittsburgh Steelers, New England Patriots, Indianapolis Colts, Jacksonville Jaguars, Dallas Cowboys,
            Chicago Bears, Atlanta Falcons, Arizona Cardinals, Miami Dolphins, Carolina Panthers, New York Giants,
            Las Vegas Raiders, New Orleans Saints, Cleveland Browns, New York Jets, Tennessee Titans
            """),
        Tournament(
            "cfl", "CFL",
            """
            Saskatchewan Roughriders, Montreal Alouettes, Winnipeg Blue Bombers, BC Lions, Calgary Stampeders,
            Hamilton Tiger-Cats, Edmonton Elks, Toronto Argonauts, Ottawa Redblacks
            """),
    ]

    static let cricket: [Tournament] = [
        Tournament(
            "ipl", "Indian Premier League",
            """
            Royal Challengers Bengaluru, Punjab Kings, Mumbai Indians, Gujarat Titans, Sunrisers Hyderabad,
            Delhi Capitals, Kolkata Knight Riders, Lucknow Super Giants, Rajasthan Royals, Chennai Super Kings
            """),
        Tournament(
            "bbl", "Big Bash League",
            """
            Hobart Hurricanes, Sydney Thunder, Sydney Sixers, Perth Scorchers, Melbourne Stars, Brisbane Heat,
            Adelaide Strikers, Melbourne Renegades
            """),
        Tournament(
            "t20i", "T20 Internationals",
            """
            India, Australia, England, New Zealand, South Africa, West Indies, Pakistan, Sri Lanka, Afghanistan, Bangladesh,
            Ireland, Netherlands, Zimbabwe, Scotland, Papua New Guinea, Namibia
            """),
    ]

    static let horseRacing: [Tournament] = [
        meeting("ascot", "Ascot"), meeting("cheltenham", "Cheltenham"), meeting("epsom", "Epsom Downs"),
        meeting("leopardstown", "Leopardstown"), meeting("longchamp", "ParisLongchamp"), meeting("york", "York"),
        meeting("aintree", "Aintree"), meeting("goodwood", "Goodwood"), meeting("flemington", "Flemington"),
        meeting("saratoga", "Saratoga"),
    ]

    private static func meeting(_ id: String, _ course: String) -> Tournament {
        Tournament(id, course, horses, races: raceTitles)
    }

    private static let raceTitles = """
        Maiden Stakes (6f), Class 4 Handicap (7f), Class 3 Handicap (1m), Nursery (7f), Listed Stakes (1m 2f),
        Group 3 Stakes (5f), Group 1 Stakes (1m 4f), Class 5 Handicap (1m 6f), Juvenile Hurdle (2m), Novices' Chase (2m 4f),
        Handicap Chase (3m), Champion Hurdle Trial (2m), Mares' Stakes (1m 2f), Gold Cup Trial (3m 2f), Bumper (2m)
        """

    private static let horses = """
        Frankel, Sea The Stars, Enable, Galileo, Dancing Brave, Nijinsky, Mill Reef, Secretariat, Arrogate, Winx,
        Black Caviar, Flightline, Baaeed, Ghaiyyath, Golden Horn, Treve, Cirrus des Aigles, Stradivarius, Yeats, Kyprios,
        Arkle, Kauto Star, Denman, Desert Orchid, Best Mate, Red Rum, Golden Miller, Altior, Sprinter Sacre, Big Buck's,
        Istabraq, Hurricane Fly, Constitution Hill, Galopin Des Champs, Honeysuckle, Tiger Roll, Faugheen, Douvan,
        See More Business, Moscow Flyer, Azertyuiop, Well Chief, Inglis Drever, Baracouda, Zarkava, Goldikova, Miesque,
        Ouija Board, Pilsudski, Swain, Daylami, Giant's Causeway, Rock of Gibraltar, High Chaparral, Hawk Wing,
        Hurricane Run, Dylan Thomas, Authorized, New Approach, Workforce, Camelot, Ruler Of The World, Australia, Harzand,
        Masar, Adayar, Desert Crown, Auguste Rodin, City Of Troy, Crystal Ocean, Battaash, Muhaarar, Limato, The Tin Man
        """

    static let motorRacing: [Tournament] = [
        Tournament(
            "f1", "Formula 1",
            """
            Max Verstappen, Lando Norris, Oscar Piastri, George Russell, Charles Leclerc, Lewis Hamilton, Kimi Antonelli,
            Alexander Albon, Carlos Sainz, Fernando Alonso, Isack Hadjar, Nico Hülkenberg, Pierre Gasly, Liam Lawson,
            Yuki Tsunoda, Esteban Ocon, Oliver Bearman, Lance Stroll, Gabriel Bortoleto, Franco Colapinto
            """,
            races: """
                Australian Grand Prix, Chinese Grand Prix, Japanese Grand Prix, Bahrain Grand Prix, Miami Grand Prix,
                Monaco Grand Prix, Canadian Grand Prix, British Grand Prix, Belgian Grand Prix, Hungarian Grand Prix,
                Dutch Grand Prix, Italian Grand Prix, Singapore Grand Prix, São Paulo Grand Prix, Las Vegas Grand Prix
                """)
    ]
}
