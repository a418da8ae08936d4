import FeedModel
import TestSupport
import Testing
import WebSocketTransport

@testable import Broadcaster

/// The odds board in a browser: what it shows of a feed.
@Suite(.needsChromium, .chromium, .serialized, .timeLimit(.minutes(3)))
struct BoardTests {
    @Test func `fixtures by sport, live ones first, with their prices`() async throws {
        try await ServedPage.withBoard { page in
            let board = page.browser
            let order = try await board.evaluate("cards()", as: [String].self)
            #expect(order == ["Arsenal", "Inter", "Alcaraz"])
            let headings = try await board.evaluate("texts('.sport > h2')", as: [String].self)
            #expect(headings == ["Football\n1 live · 2 fixtures", "Tennis\n1 live · 1 fixture"])
            let main = try await board.evaluate(
                "[...cardOf('Arsenal').querySelectorAll('.price')].map(one => one.innerText.split('\\n')).flat()",
                as: [String].self)
            #expect(main == ["Arsenal", "1.95", "Draw", "3.40", "Chelsea", "4.20"])
            let card = try await board.evaluate("cardOf('Arsenal').innerText", as: String.self)
            for text in ["LIVE", "Premier League", "1X2", "+2 markets"] { #expect(card.contains(text), "\(card)") }
            #expect(try await board.evaluate("texts('.is-live .team b').join()", as: String.self) == "1,0,,")
            try await board.until("texts('#counts')[0].startsWith('3 fixtures · 11 prices')")
            try await board.photograph("board-desk")
        }
    }

    @Test func `all markets of a fixture, each with its name and line`() async throws {
        try await ServedPage.withBoard { page in
            let board = page.browser
            try await board.click(".more")
            try await board.until("texts('.rest h3').join() === 'Correct score,Goals 2.5'")
            #expect(try await board.evaluate("oddsOf('Arsenal', 'Over')", as: String.self) == "1.80")
            // A score is no name whose words are joined.
            #expect(try await board.evaluate("oddsOf('Arsenal', '1-0')", as: String.self) == "7.50")
            try await board.photograph("board-markets")
            // They stay open when everything is sent anew.
            try await board.run("document.querySelector('#format').focus()")
            try await board.press(.arrowDown)
            try await board.until("oddsOf('Arsenal', 'Over') === '-125'")
            try await board.click(".more")
            try await board.until("found('.rest').length === 0")
        }
    }

    @Test func `a price that moves flashes and leaves a line`() async throws {
        try await ServedPage.withBoard { page in
            let board = page.browser
            try await board.run(
                """
                window.flashes = new Set();
                new MutationObserver(changes => changes.forEach(({ target }) => {
                  const way = ['up', 'down'].find(name => target.classList.contains(name));
                  if (way) flashes.add([target.querySelector('.who').textContent, way,
                    getComputedStyle(target).animationName, getComputedStyle(target, '::after').content].join());
                })).observe(document.querySelector('#board'), { subtree: true, attributeFilter: ['class'] })
                """)
            let line = "cellOf('Arsenal', 'Arsenal').querySelector('path').getAttribute('d')"
            #expect(try await board.evaluate(line, as: String.self) == "")
            try await page.feed.say(
                .odds(fixture: "fx-1", option: "home", price: "2.055"),
                .odds(fixture: "fx-1", option: "draw", price: "3.4"))
            try await board.until("oddsOf('Arsenal', 'Arsenal') === '2.055' && flashes.size > 0")
            try await board.photograph("board-flash")
            try await board.until("\(line).includes('V')")
            try await board.until("!cellOf('Arsenal', 'Arsenal').classList.contains('up')")
            try await page.feed.say(.odds(fixture: "fx-1", option: "away", price: "4"))
            try await board.until("oddsOf('Arsenal', 'Chelsea') === '4.00' && flashes.size > 1")
            let flashes = try await board.evaluate("[...flashes]", as: [String].self)
            #expect(flashes == ["Arsenal,up,up,\"▲\"", "Chelsea,down,down,\"▼\""])
        }
    }

    @Test func `what is suspended or closed is struck out and says so`() async throws {
        try await ServedPage.withBoard { page in
            let (board, feed) = (page.browser, page.feed)
            #expect(try await board.evaluate("isStruck('Inter', 'Inter')", as: Bool.self) == false)
            try await feed.say(
                .odds(fixture: "fx-2", option: "home", price: "2.5", status: .suspended),
                .odds(fixture: "fx-2", option: "draw", price: "3.1", status: .closed))
            try await board.until("isStruck('Inter', 'Inter') && isStruck('Inter', 'Draw')")
            let notes = try await board.evaluate("texts('.note')", as: [String].self)
            #expect(notes == ["suspended", "closed"])
            #expect(try await board.evaluate("isStruck('Inter', 'Juventus')", as: Bool.self) == false)
            try await feed.say(.fixture("fx-1", status: .suspended, home: "Arsenal", away: "Chelsea", score: (1, 0)))
            try await board.until("cardOf('Arsenal').querySelector('.tag').innerText === 'SUSPENDED'")
            try await board.photograph("board-suspended")
            try await feed.say(.odds(fixture: "fx-2", option: "home", price: "2.5", status: .open))
            try await board.until("!isStruck('Inter', 'Inter') && texts('.note').join() === 'closed'")
        }
    }

    @Test func `prices of a feed that is not up are shown as not live`() async throws {
        try await ServedPage.withBoard({ $0.feeds += ["book-b"].compactMap { FeedName($0) } }) { page in
            let (board, feed) = (page.browser, page.feed)
            let states = "texts('#feeds li').join()"
            // The other feed has said nothing yet, which is none of this one's business.
            #expect(try await board.evaluate(states, as: String.self) == "book-a up,book-b down")
            #expect(try await board.evaluate("isStruck('Arsenal', 'Draw')", as: Bool.self) == false)
            try await feed.turn(.stale, why: "the provider is silent")
            try await board.until("\(states) === 'book-a stale,book-b down' && isStruck('Arsenal', 'Draw')")
            #expect(
                try await board.evaluate("texts('.state').join()", as: String.self)
                    == "feed stale,feed stale,feed stale")
            let banner = try await board.evaluate("texts('#banner')[0]", as: String.self)
            #expect(banner.contains("book-a is stale: the provider is silent"), "\(banner)")
            try await board.photograph("board-stale")
            try await feed.turn(.backoff, why: "the provider hung up")
            try await board.until("texts('#banner')[0].includes('book-a is down: the provider hung up')")
            try await feed.turn(.live)
            try await board.until("!isStruck('Arsenal', 'Draw') && texts('.state').length === 0")
            #expect(try await board.evaluate("texts('#banner')[0].includes('book-a')", as: Bool.self) == false)
        }
    }

    @Test func `what leaves the feed leaves the board`() async throws {
        try await ServedPage.withBoard { page in
            try await page.feed.say(.settled(fixture: "fx-2", option: "draw", result: .lost))
            try await page.browser.until("cardOf('Inter').querySelectorAll('.price').length === 2")
            try await page.feed.say(
                .settled(fixture: "fx-3", market: "winner", option: "home", result: .won),
                .settled(fixture: "fx-3", market: "winner", option: "away", result: .lost),
                .fixture("fx-3", status: .finished, sport: "tennis", home: "Alcaraz", away: "Sinner"))
            try await page.browser.until(
                "!cardOf('Alcaraz') || cardOf('Alcaraz').querySelectorAll('.price').length === 0")
        }
    }

    @Test func `names are text, whatever is in them`() async throws {
        let hostile = "<img src=x onerror=\"window.hit=1\"><b>bold</b>"
        try await ServedPage.with { page in
            let (board, feed) = (page.browser, page.feed)
            try await feed.say(
                .fixture(
                    "fx", sport: hostile, tournament: hostile, home: hostile, away: "</script><script>hit()</script>"),
                .odds(fixture: "fx", option: hostile, price: "2", marketName: hostile, name: hostile),
                .odds(fixture: "fx", market: hostile, option: "a", price: "3"))
            try await feed.turn(.backoff, why: hostile)
            try await board.until("cardOf('<img') && texts('#banner')[0].includes('<b>bold</b>')")
            try await board.click(".more")
            try await board.until("found('.rest').length === 1")
            let texts = try await board.evaluate(
                "['.team', '.meta', '.market h3', '.who', '.sport > h2', '#sports', '#banner'].filter(one => "
                    + "!document.querySelector(one).textContent.includes('<img src=x onerror='))", as: [String].self)
            #expect(texts == [], "these do not show the name as it is")
            let made = try await board.evaluate(
                "document.querySelectorAll('img, #board b b, #board script, .who *').length", as: Int.self)
            #expect(made == 0)
            #expect(try await board.evaluate("window.hit === undefined", as: Bool.self))
            #expect(try await board.evaluate("texts('#counts')[0]", as: String.self).hasPrefix("1 fixture · 2 prices"))
            try await board.expectToFit(1_280)
            try await board.photograph("board-hostile")
        }
    }

    @Test func `it comes back by itself when the server does`() async throws {
        try await PlayedFeed.with { feed in
            try await Chromium.withPage { board in
                var port = 0
                try await feed.live.serve { live in
                    port = live.address.port
                    try await board.open("/", of: live)
                    try await feed.sayFixtures()
                    try await board.until("oddsOf('Arsenal', 'Draw') === '3.40' && !isStruck('Arsenal', 'Draw')")
                    try await board.run("window.isTheSamePage = true")
                }
                try await board.until("isStruck('Arsenal', 'Draw') && texts('#link')[0] !== 'live'")
                #expect(try await board.evaluate("texts('#banner')[0]", as: String.self).contains("no connection"))
                try await board.photograph("board-away")
                try await feed.say(.odds(fixture: "fx-1", option: "draw", price: "3.6"))
                try await feed.live.serve(port: port) { _ in
                    try await board.until("oddsOf('Arsenal', 'Draw') === '3.60' && !isStruck('Arsenal', 'Draw')")
                    try await board.until("texts('#link')[0] === 'live' && isTheSamePage")
                    try await feed.say(.odds(fixture: "fx-1", option: "draw", price: "3.7"))
                    try await board.until("oddsOf('Arsenal', 'Draw') === '3.70'")
                }
                let others = board.problems.filter { !$0.hasPrefix("WebSocket connection to") }
                #expect(others == [], "only that there was no connection is worth a word")
            }
        }
    }
}
