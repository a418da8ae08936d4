extension Tournament {
    static let basketball: [Tournament] = [
        Tournament(
            "nba", "NBA",
            """
            Oklahoma City Thunder, Denver Nuggets, Boston Celtics, Cleveland Cavaliers, New York Knicks, Houston Rockets,
            Minnesota Timberwolves, Los Angeles Lakers, Orlando Magic, Golden State Warriors, LA Clippers, Indiana Pacers,
            Milwaukee Bucks, Atlanta Hawks, Detroit Pistons, San Antonio Spurs, Dallas Mavericks, Memphis Grizzlies,
            Miami Heat, Toronto Raptors, Philadelphia 76ers, Chicago Bulls, Phoenix Suns, Sacramento Kings,
            Portland Trail Blazers, New Orleans Pelicans, Brooklyn Nets, Charlotte Hornets, Utah Jazz, Washington Wizards
            """),
        Tournament(
            "euroleague", "EuroLeague",
            """
            Real Madrid, Fenerbahçe, Olympiacos, Panathinaikos, Barcelona, Monaco, Hapoel Tel Aviv, Anadolu Efes, Žalgiris,
            Valencia, Olimpia Milano, Virtus Bologna, Partizan, Crvena zvezda, Bayern München, Paris Basketball,
            Maccabi Tel Aviv, Baskonia, Dubai Basketball, ASVEL
            """),
        Tournament(
            "acb", "Liga ACB",
            """
            Real Madrid, Valencia Basket, Unicaja, La Laguna Tenerife, Barcelona, Joventut Badalona, UCAM Murcia, Baskonia,
            BAXI Manresa, Gran Canaria, Surne Bilbao, Casademont Zaragoza, Río Breogán, Força Lleida, San Pablo Burgos,
            Bàsquet Girona, MoraBanc Andorra, Covirán Granada
            """),
    ]

    static let tennis: [Tournament] = [
        Tournament(
            "atp", "ATP Masters 1000",
            """
            Jannik Sinner, Carlos Alcaraz, Alexander Zverev, Novak Djokovic, Taylor Fritz, Ben Shelton, Alex de Minaur,
            Jack Draper, Lorenzo Musetti, Félix Auger-Aliassime, Daniil Medvedev, Holger Rune, Casper Ruud, Andrey Rublev,
            Karen Khachanov, Alexander Bublik, Jakub Menšík, Jiří Lehečka, Tommy Paul, Francisco Cerúndolo, Ugo Humbert,
            Arthur Fils, Frances Tiafoe, Stefanos Tsitsipas, Grigor Dimitrov, Cameron Norrie, Tomáš Macháč, Alexei Popyrin,
            Brandon Nakashima, Denis Shapovalov, Flavio Cobolli, Sebastian Korda
            """),
        Tournament(
            "wta", "WTA 1000",
            """
            Aryna Sabalenka, Iga Świątek, Coco Gauff, Elena Rybakina, Amanda Anisimova, Jessica Pegula, Mirra Andreeva,
            Madison Keys, Jasmine Paolini, Qinwen Zheng, Naomi Osaka, Karolína Muchová, Emma Navarro, Belinda Bencic,
            Elina Svitolina, Paula Badosa, Ekaterina Alexandrova, Clara Tauson, Diana Shnaider, Linda Nosková,
            Liudmila Samsonova, Victoria Mboko, Marta Kostyuk, Barbora Krejčíková, Leylah Fernandez, Emma Raducanu,
            Daria Kasatkina, Sofia Kenin, Magdalena Fręch, Maria Sakkari, Beatriz Haddad Maia, Markéta Vondroušová
            """),
        Tournament(
            "challenger", "ATP Challenger",
            """
            Stan Wawrinka, David Goffin, Richard Gasquet, Kei Nishikori, Dominic Stricker, Borna Ćorić, Martin Landaluce,
            Luca Nardi, Nishesh Basavareddy, Jerome Kym, Vít Kopřiva, Otto Virtanen, Zsombor Piros, Harold Mayot,
            Hugo Grenier, Liam Broady
            """),
    ]

    static let iceHockey: [Tournament] = [
        Tournament(
            "nhl", "NHL",
            """
            Florida Panthers, Edmonton Oilers, Colorado Avalanche, Dallas Stars, Carolina Hurricanes, Vegas Golden Knights,
            Tampa Bay Lightning, Winnipeg Jets, Toronto Maple Leafs, Washington Capitals, Los Angeles Kings,
            New Jersey Devils, Minnesota Wild, Ottawa Senators, Montréal Canadiens, St. Louis Blues, New York Rangers,
            Utah Mammoth, Vancouver Canucks, Calgary Flames, Detroit Red Wings, Columbus Blue Jackets, Anaheim Ducks,
            New York Islanders, Buffalo Sabres, Boston Bruins, Philadelphia Flyers, Pittsburgh Penguins, Seattle Kraken,
            Nashville Predators, Chicago Blackhawks, San Jose Sharks
            """),
        Tournament(
            "shl", "SHL",
            """
            Skellefteå AIK, Frölunda HC, Färjestad BK, Växjö Lakers, Luleå HF, Rögle BK, Brynäs IF, Timrå IK, Örebro HK,
            Leksands IF, Linköping HC, Malmö Redhawks, HV71, Djurgårdens IF
            """),
        Tournament(
            "del", "Deutsche Eishockey Liga",
            """
            Eisbären Berlin, ERC Ingolstadt, EHC Red Bull München, Adler Mannheim, Kölner Haie, Fischtown Pinguins,
            Straubing Tigers, Grizzlys Wolfsburg, Schwenninger Wild Wings, Nürnberg Ice Tigers, Augsburger Panther,
            Löwen Frankfurt, Iserlohn Roosters, Dresdner Eislöwen
            """),
    ]
}
