extension Tournament {
    static let football: [Tournament] = [
        Tournament(
            "en.1", "Premier League",
            """
            Liverpool, Arsenal, Manchester City, Chelsea, Newcastle United, Aston Villa, Manchester United,
            Tottenham Hotspur, Brighton & Hove Albion, Nottingham Forest, Bournemouth, Brentford, Fulham,
            Crystal Palace, Everton, West Ham United, Wolverhampton Wanderers, Leeds United, Sunderland, Burnley
            """),
        Tournament(
            "es.1", "LaLiga",
            """
            Real Madrid, Barcelona, Atlético de Madrid, Athletic Club, Villarreal, Real Betis, Real Sociedad,
            Celta de Vigo, Rayo Vallecano, Osasuna, Mallorca, Valencia, Sevilla, Girona, Espanyol, Getafe,
            Deportivo Alavés, Elche, Levante, Real Oviedo
            """),
        Tournament(
            "de.1", "Bundesliga",
            """
            Bayern München, Bayer 04 Leverkusen, Borussia Dortmund, RB Leipzig, Eintracht Frankfurt, VfB Stuttgart,
            SC Freiburg, Borussia Mönchengladbach, Werder Bremen, Mainz 05, VfL Wolfsburg, TSG Hoffenheim,
            Union Berlin, FC Augsburg, 1. FC Köln, Hamburger SV, FC St. Pauli, 1. FC Heidenheim
            """),
        Tournament(
            "it.1", "Serie A",
            """
            Inter, Napoli, Juventus, Milan, Atalanta, Roma, Lazio, Bologna, Fiorentina, Como, Torino, Udinese, Genoa,
            Cagliari, Parma, Sassuolo, Hellas Verona, Lecce, Cremonese, Pisa
            """),
        Tournament(
            "fr.1", "Ligue 1",
            """
            Paris Saint-Germain, Marseille, Monaco, Lille, Lyon, Nice, Strasbourg, Lens, Rennes, Brest, Toulouse,
            Nantes, Auxerre, Paris FC, Le Havre, Lorient, Angers, Metz
            """),
        Tournament(
            "nl.1", "Eredivisie",
            """
            PSV, Ajax, Feyenoord, AZ, FC Twente, FC Utrecht, Sparta Rotterdam, SC Heerenveen, Go Ahead Eagles, N.E.C.,
            FC Groningen, Fortuna Sittard, PEC Zwolle, Heracles Almelo, NAC Breda, Excelsior, FC Volendam, Telstar
            """),
        Tournament(
            "pt.1", "Primeira Liga",
            """
            Sporting CP, Benfica, FC Porto, Sporting de Braga, Vitória de Guimarães, Famalicão, Santa Clara, Gil Vicente,
            Casa Pia, Moreirense, Rio Ave, Estoril Praia, Arouca, Nacional, Estrela da Amadora, AVS, Tondela, Alverca
            """),
        Tournament(
            "br.1", "Brasileirão Série A",
            """
            Flamengo, Palmeiras, Cruzeiro, Botafogo, Fluminense, São Paulo, Atlético Mineiro, Bahia, Internacional,
            Corinthians, Grêmio, Vasco da Gama, Santos, Red Bull Bragantino, Mirassol, Ceará, Fortaleza, Vitória,
            Juventude, Sport Recife
            """),
        Tournament(
            "us.1", "Major League Soccer",
            """
            Inter Miami, LAFC, FC Cincinnati, Columbus Crew, Philadelphia Union, Seattle Sounders, Vancouver Whitecaps,
            Minnesota United, San Diego FC, Orlando City, New York City FC, Nashville SC, Charlotte FC, LA Galaxy,
            New York Red Bulls, Portland Timbers, Austin FC, Chicago Fire, Atlanta United, Colorado Rapids
            """),
    ]
}
