import FeedModel
import TestSupport
import Testing
import WebSocketTransport

@testable import Broadcaster

/// A page of a Broadcaster in the browser, with the feed that it shows.
struct ServedPage {
    let browser: BrowserPage
    let feed: PlayedFeed
    let address: ListeningAddress

    /// Opens a page of a new Broadcaster, runs `body`, and expects that nothing went wrong in the page and that it asked
    /// nobody else for anything.
    static func with(
        _ path: String = "/", _ change: (inout BroadcasterConfiguration) throws -> Void = { _ in },
        body: (ServedPage) async throws -> Void
    ) async throws {
        try await PlayedFeed.with { feed in
            try await feed.live.serve(change) { live in
                try await Chromium.withPage { browser in
                    try await browser.open(path, of: live)
                    try await body(ServedPage(browser: browser, feed: feed, address: live.address))
                    #expect(browser.problems == [])
                    browser.expectNoOtherServer(than: live.address)
                }
            }
        }
    }

    /// The same with the board as it is once it shows `PlayedFeed.sayFixtures`.
    static func withBoard(
        _ change: (inout BroadcasterConfiguration) throws -> Void = { _ in }, body: (ServedPage) async throws -> Void
    ) async throws {
        try await with("/", change) { page in
            try await page.feed.sayFixtures()
            try await page.browser.until(
                "cardOf('Arsenal') && cardOf('Inter') && oddsOf('Alcaraz', 'Sinner') === '2.40'")
            try await page.browser.until("document.querySelector('#link').dataset.state === 'up'")
            try await body(page)
        }
    }
}

extension BrowserPage {
    /// Words in which tests ask for what a page shows.
    private static let words = """
        window.found = selector => [...document.querySelectorAll(selector)].filter(one => one.checkVisibility());
        window.texts = selector => found(selector).map(one => one.innerText.trim());
        window.cardOf = name => found('.fixture').find(one => one.getAttribute('aria-label').includes(name));
        window.cards = () => found('.fixture').map(one => one.getAttribute('aria-label').split(' – ')[0]);
        window.cellOf = (name, who) =>
          [...cardOf(name).querySelectorAll('.price')].find(one => one.querySelector('.who').textContent === who);
        window.oddsOf = (name, who) => cellOf(name, who).querySelector('.odds').textContent;
        window.isStruck = (name, who) =>
          getComputedStyle(cellOf(name, who).querySelector('.odds')).textDecorationLine === 'line-through';
        window.stageOf = name => {
          const row = [...document.querySelectorAll('.feed tr')].find(one => one.cells[0].textContent === name);
          return [...row.cells].map(one => one.textContent);
        };
        """

    func open(_ path: String, of live: LiveBroadcaster) async throws {
        try await open("http://\(live.address)\(path)")
        try await run(Self.words)
    }

    /// Everything was asked of this server.
    func expectNoOtherServer(than address: ListeningAddress) {
        let requests = requests
        #expect(!requests.isEmpty)
        for request in requests {
            let isOurs = ["http", "ws"].contains { request.hasPrefix("\($0)://\(address)/") }
            #expect(isOurs, "\(request)")
        }
    }

    /// Nothing sticks out at the side of a screen of this width.
    func expectToFit(_ width: Int) async throws {
        // A phone that has to show more than fits makes its window wider, so that `innerWidth` alone proves nothing.
        let widths = try await evaluate(
            "[document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]", as: [Int].self)
        #expect(widths[0] <= width && widths[1] <= width && widths[2] == width, "\(widths)")
    }

    /// The least contrast (WCAG 2) of the texts that selectors find with what they stand on.
    func contrast(of selectors: [String]) async throws -> [String: Double] {
        try await run(
            """
            const numbers = color => color.match(/[\\d.]+/g).map(Number);
            const luminance = rgb => rgb.slice(0, 3).map(part => part / 255)
              .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
              .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
            const ground = one => {
              for (let at = one; at; at = at.parentElement) {
                const color = numbers(getComputedStyle(at).backgroundColor);
                if (color.length === 3 || color[3] > 0) return color;
              }
              return [255, 255, 255];
            };
            window.contrast = one => {
              const [light, dark] = [luminance(numbers(getComputedStyle(one).color)), luminance(ground(one))]
                .sort((a, b) => b - a);
              return (light + 0.05) / (dark + 0.05);
            };
            """)
        let list = selectors.map(Self.quoted).joined(separator: ",")
        return try await evaluate(
            "Object.fromEntries([\(list)].map(one => [one, Math.min(...found(one).map(contrast))]))",
            as: [String: Double].self)
    }
}
