import FeedModel
import TestSupport
import Testing

@testable import Broadcaster

/// The odds board in a browser: what people do with it, with a mouse, with keys and on a phone.
@Suite(.needsChromium, .chromium, .serialized, .timeLimit(.minutes(3)))
struct BoardUseTests {
    private static let focused = "(document.activeElement.getAttribute('aria-label') || '').split(' – ')[0]"

    @Test func `search, sport and live narrow what is shown`() async throws {
        try await ServedPage.withBoard { page in
            let board = page.browser
            try await board.click("#search")
            for (text, left) in [("wimbledon", "Alcaraz"), ("CHEL prem", "Arsenal"), ("football", "Arsenal,Inter")] {
                try await board.run("document.querySelector('#search').select()")
                try await board.type(text)
                try await board.until("cards().join() === '\(left)'")
            }
            try await board.type("xyz")
            try await board.until("texts('#empty')[0] === 'Nothing matches the filter.' && cards().length === 0")
            try await board.press(.escape)
            try await board.until("cards().length === 3 && found('#empty').length === 0")

            let sports = "texts('#sports button').join()"
            #expect(try await board.evaluate(sports, as: String.self) == "All sports 3,Football 2,Tennis 1")
            try await board.click("#sports button:nth-child(2)")
            try await board.until("cards().join() === 'Arsenal,Inter'")
            try await board.until("texts('#sports [aria-pressed=true]')[0].startsWith('Football')")
            try await board.click("#live")
            try await board.until("cards().join() === 'Arsenal'")
            // What begins while the filter is on comes, what does not match it stays away.
            try await page.feed.say(
                .fixture("fx-2", status: .live, tournament: "Serie A", home: "Inter", away: "Juventus"),
                .fixture("fx-4", status: .live, sport: "tennis", home: "Djokovic", away: "Zverev"))
            try await board.until("cards().join() === 'Arsenal,Inter'")
            try await board.click("#sports button:nth-child(1)")
            try await board.until("cards().length === 4")
        }
    }

    @Test func `prices in the format that is chosen`() async throws {
        try await ServedPage.withBoard { page in
            let board = page.browser
            try await board.run("document.querySelector('#format').focus()")
            for (home, draw) in [("-105", "+240"), ("51.3 %", "29.4 %")] {
                try await board.press(.arrowDown)
                try await board.until(
                    "oddsOf('Arsenal', 'Arsenal') === '\(home)' && oddsOf('Arsenal', 'Draw') === '\(draw)'")
            }
            // Changes come in it too.
            try await page.feed.say(.odds(fixture: "fx-1", option: "draw", price: "4"))
            try await board.until("oddsOf('Arsenal', 'Draw') === '25.0 %'")
            for _ in 0..<2 { try await board.press(.arrowUp) }
            try await board.until("oddsOf('Arsenal', 'Draw') === '4.00' && texts('#link')[0] === 'live'")
            #expect(try await board.evaluate("document.activeElement.id", as: String.self) == "format")
        }
    }

    @Test func `the keys that the page names`() async throws {
        try await ServedPage.withBoard { page in
            let board = page.browser
            let named = try await board.evaluate("texts('.keys kbd')", as: [String].self)
            #expect(named == ["/", "Esc", "j", "k", "Enter", "l"])
            try await board.press(BrowserKey("/"))
            try await board.until("document.activeElement.id === 'search'")
            // Letters go into the field, not to the board.
            try await board.type("jl")
            try await board.until(
                "document.querySelector('#search').value === 'jl' && !document.querySelector('#live').checked")
            try await board.press(.escape)
            try await board.until("document.activeElement.id !== 'search' && cards().length === 3")
            for (key, name) in [("j", "Arsenal"), ("j", "Inter"), ("k", "Arsenal"), ("k", "Alcaraz"), ("j", "Arsenal")]
            {
                try await board.press(BrowserKey(Character(key)))
                #expect(try await board.evaluate(Self.focused, as: String.self) == name)
            }
            try await board.press(.enter)
            try await board.until("found('.rest').length === 1")
            #expect(try await board.evaluate(Self.focused, as: String.self) == "Arsenal")
            try await board.press(.enter)
            try await board.until("found('.rest').length === 0")
            try await board.press(BrowserKey("l"))
            try await board.until("cards().join() === 'Arsenal,Alcaraz'")
            try await board.press(BrowserKey("l"))
            try await board.until("cards().length === 3")
        }
    }

    @Test func `tab goes through everything, and the focus stays where it is while things change`() async throws {
        try await ServedPage.withBoard { page in
            let (board, feed) = (page.browser, page.feed)
            try await board.press(.tab)
            #expect(try await board.evaluate("texts('a:focus')[0]", as: String.self) == "Skip to the fixtures")
            try await board.press(.enter)
            try await board.until("document.activeElement.id === 'board'")
            try await board.press(.tab)
            #expect(try await board.evaluate(Self.focused, as: String.self) == "Arsenal")
            let isOutlined = "getComputedStyle(document.activeElement).outlineStyle === 'solid'"
            #expect(try await board.evaluate(isOutlined, as: Bool.self))
            try await board.press(.tab)
            #expect(try await board.evaluate("texts('button:focus')[0]", as: String.self) == "+2 markets")
            try await board.press(.enter)
            try await board.until("found('.rest').length === 1 && texts('button:focus')[0] === 'Fewer'")
            // The card is built anew, and another comes before it.
            try await feed.say(
                .fixture("fx-1", status: .live, home: "Arsenal", away: "Chelsea", score: (2, 0)),
                .fixture("fx-0", status: .live, home: "Ajax", away: "PSV"))
            try await board.until("texts('.team b')[2] === '2' && cards()[0] === 'Ajax'")
            #expect(try await board.evaluate("texts('button:focus').join()", as: String.self) == "Fewer")
            try await board.press(.backTab)
            #expect(try await board.evaluate(Self.focused, as: String.self) == "Arsenal")
        }
    }

    @Test func `what gets the focus is not behind the header or the footer`() async throws {
        try await ServedPage.withBoard { page in
            let board = page.browser
            try await board.resize(width: 1_100, height: 620)
            for number in 10..<40 {
                try await page.feed.say(
                    .fixture("fx-\(number)", home: "Home \(number)", away: "Away \(number)"),
                    .odds(fixture: "fx-\(number)", option: "home", price: "2"))
            }
            try await board.until("cards().length === 33")
            // Cards that were never seen are drawn, and get their height, when they are scrolled to.
            let isSeen = """
                (() => { const { top, bottom } = document.activeElement.getBoundingClientRect();
                return top >= document.querySelector('.top').getBoundingClientRect().bottom
                  && bottom <= document.querySelector('.foot').getBoundingClientRect().top })()
                """
            for key in [Character](repeating: "k", count: 20) + [Character](repeating: "j", count: 5) {
                try await board.press(BrowserKey(key))
                try await board.until(isSeen)
            }
        }
    }

    @Test func `on a phone everything fits and answers to a touch`() async throws {
        try await ServedPage.withBoard { page in
            let (board, feed) = (page.browser, page.feed)
            try await board.resize(width: 390, height: 844, isPhone: true)
            let long = "Borussia Verein für Leibesübungen 1900 Mönchengladbach e. V."
            var events: [EntryScript.Event] = [
                .fixture(
                    "fx-9", status: .live, tournament: "UEFA Champions League – qualification, third round, second leg",
                    home: long, away: "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch", score: (10, 11))
            ]
            for option in ["home", "draw", "away"] {
                events.append(.odds(fixture: "fx-9", option: option, price: "1001.55", lay: "1002.5"))
            }
            for number in 0..<12 {
                events.append(
                    .odds(
                        fixture: "fx-9", market: "scorer", option: "player-\(number)", price: "21",
                        marketName: "First goalscorer, including own goals and extra time", name: "\(long) \(number)"))
            }
            try await feed.say(events)
            try await board.until("cardOf('Borussia')")
            try await board.expectToFit(390)
            try await board.run("cardOf('Borussia').querySelector('.more').id = 'touched'")
            try await board.click("#touched")
            try await board.until("found('.rest').length === 1")
            try await board.expectToFit(390)
            // No price is cut off, and what is to be touched is large enough for a finger.
            let cut = """
                found('.odds, .lay, .team b, .team span').filter(one => one.getBoundingClientRect().right
                  > one.parentElement.getBoundingClientRect().right + 0.5).map(one => one.textContent)
                """
            #expect(try await board.evaluate(cut, as: [String].self) == [])
            let small =
                "found('button, select, #search').filter(one => one.offsetHeight < 32).map(one => one.outerHTML)"
            #expect(try await board.evaluate(small, as: [String].self) == [])
            let broken = "found('.team b').filter(one => one.offsetHeight > 30).map(one => one.textContent)"
            #expect(try await board.evaluate(broken, as: [String].self) == [], "a score on two lines")
            try await board.photograph("board-phone")
            try await feed.turn(
                .backoff, why: "the provider closed the connection with a very long reason, for a phone")
            try await board.until("texts('#banner').length === 1")
            try await board.expectToFit(390)
            try await board.prefer(["prefers-color-scheme": "dark"])
            try await board.run("scrollTo(0, 0)")
            try await board.photograph("board-phone-dark")
        }
    }

    @Test func `light and dark, as the system has it, can be read`() async throws {
        try await ServedPage.withBoard { page in
            let board = page.browser
            try await page.feed.say(
                .odds(fixture: "fx-2", option: "home", price: "2.5", status: .suspended),
                .odds(fixture: "fx-2", option: "away", price: "2.9", lay: "3"))
            try await board.until("texts('.note').length === 1 && texts('.lay').length === 1")
            var grounds: [String] = []
            for scheme in ["light", "dark"] {
                try await board.prefer(["prefers-color-scheme": scheme])
                grounds.append(
                    try await board.evaluate("getComputedStyle(document.body).backgroundColor", as: String.self))
                let contrast = try await board.contrast(of: [
                    ".odds", ".lay", ".who", ".note", ".market h3", ".meta span", ".team", ".sport h2 small",
                    "#sports button", ".more", "#counts", "#feeds span", "#link", "#pipeline", ".keys",
                ])
                for (selector, ratio) in contrast { #expect(ratio >= 4.5, "\(scheme): \(selector)") }
                try await board.photograph("board-\(scheme)")
            }
            #expect(Set(grounds).count == 2)
        }
    }

    @Test func `who wants little motion gets little`() async throws {
        try await ServedPage.withBoard { page in
            let board = page.browser
            try await board.prefer(["prefers-reduced-motion": "reduce"])
            try await page.feed.say(.odds(fixture: "fx-1", option: "home", price: "2.05"))
            try await board.until("cellOf('Arsenal', 'Arsenal').classList.contains('up')")
            let duration = "parseFloat(getComputedStyle(cellOf('Arsenal', 'Arsenal')).animationDuration)"
            #expect(try await board.evaluate(duration, as: Double.self) < 0.1)
        }
    }

    @Test func `who needs a token is told where it goes`() async throws {
        var authentication = SubscriberAuthentication()
        authentication.add(token: "secret", name: "token")
        try await PlayedFeed.with { feed in
            try await feed.live.serve({ $0.authentication = authentication }) { live in
                try await feed.sayFixtures()
                try await Chromium.withPage { board in
                    for path in ["/", "/?token=wrong"] {
                        try await board.open(path, of: live)
                        try await board.until("texts('#link')[0] === 'not allowed: add ?token= to the address'")
                    }
                    try await board.open("/?token=secret", of: live)
                    try await board.until("oddsOf('Arsenal', 'Draw') === '3.40'")
                    // The other page gets it too, and gives it back.
                    try await board.click("#pipeline")
                    try await board.until("location.pathname === '/ops' && document.querySelector('.feed')")
                    try await board.click("#board")
                    try await board.until("location.pathname === '/' && document.querySelector('.fixture')")
                    board.expectNoOtherServer(than: live.address)
                }
            }
        }
    }
}
