import FeedModel
import RedisStreams
import TestSupport
import Testing
import WebSocketTransport

@testable import Broadcaster

/// The page of the pipeline's health in a browser.
@Suite(.needsChromium, .chromium, .serialized, .timeLimit(.minutes(3)))
struct OpsPageTests {
    @Test func `feeds with rates, lag, owners and dead letters, and they are kept up to date`() async throws {
        try await ServedPage.with("/ops") { page in
            let (ops, feed) = (page.browser, page.feed)
            try await ops.until("found('.feed').length === 1 && texts('.feed h2')[0].startsWith('book-a')")
            try await ops.run("window.isTheSamePage = true")
            try await ops.until(
                "texts('#link')[0] === 'all feeds up' && texts('.feed h2')[0].includes('up · last entry')")
            #expect(try await ops.evaluate("stageOf('feed client')[5]", as: String.self) == "nobody")
            try await feed.live.playProcessor(owner: "host-1-process")
            let writing = Task {
                for number in 0... {
                    try await feed.say(
                        .odds(fixture: "fx-\(number % 5)", option: "home", price: "2.\(number % 90 + 10)"))
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            // Rates, from two samples; who owns the feed; what the writer has not taken.
            try await ops.until("Number(stageOf('processor')[1]) > 0 && stageOf('processor')[5] === 'host-1-process'")
            let lag = "Number(stageOf('writer')[2].replace(',', ''))"
            try await ops.until("\(lag) > 10")
            let before = try await ops.evaluate(lag, as: Int.self)
            try await ops.until("\(lag) > \(before)")
            writing.cancel()
            _ = await writing.result
            try await feed.live.append(raw: 3)
            try await ops.until("stageOf('processor')[2] === '3'")
            try await feed.live.append(letters: 2)
            try await ops.until("stageOf('dead letters')[2] === '2'")
            try await ops.until("texts('.feed p').some(one => one.includes('Dead letters so far: 2.'))")
            // Nobody writes: that takes longer than what is still well.
            try await ops.until("parseFloat(stageOf('writer')[3]) > 5")
            let alarmed = "found('.feed .bad').map(one => one.parentElement.cells?.[0].textContent)"
            #expect(try await ops.evaluate(alarmed, as: [String].self).contains("writer"))
            try await ops.photograph("ops-desk")
            #expect(try await ops.evaluate("isTheSamePage", as: Bool.self))
        }
    }

    @Test func `states and gaps are told with their reasons, as text`() async throws {
        try await ServedPage.with("/ops", { $0.feeds += ["book-b"].compactMap { FeedName($0) } }) { page in
            let (ops, feed) = (page.browser, page.feed)
            try await ops.until("texts('#link')[0] === 'not up: book-b'")
            #expect(
                try await ops.evaluate("document.querySelectorAll('.feed[data-state=down]').length", as: Int.self) == 1)
            try await feed.say(
                .control(.gap(.init(kind: .sequence, from: WallClock.now, cause: "<b>12</b> messages are missing"))))
            try await ops.until("texts('.feed[data-state=recovering] h2').length === 1")
            try await ops.until("texts('.feed p.bad')[0].startsWith('Last gap: sequence since ')")
            #expect(
                try await ops.evaluate("texts('.feed p.bad')[0]", as: String.self).hasSuffix(
                    ": <b>12</b> messages are missing"))
            #expect(try await ops.evaluate("document.querySelectorAll('.feed b').length", as: Int.self) == 0)
            try await ops.photograph("ops-gap")
            // It is over, and still to be seen.
            try await feed.say(.control(.resumed(fromSequence: nil)))
            try await ops.until("texts('.feed[data-state=up] h2').length === 1 && found('.feed p.bad').length === 0")
            #expect(try await ops.evaluate("texts('.feed p').join()", as: String.self).contains("Last gap: sequence"))
            try await feed.turn(.backoff, why: "the provider refuses the key")
            try await ops.until("texts('.feed[data-state=down] h2')[0].includes('the provider refuses the key')")
        }
    }

    @Test func `on a phone and in the dark`() async throws {
        try await ServedPage.with("/ops") { page in
            let ops = page.browser
            try await page.feed.live.playProcessor(owner: "a-machine-with-a-rather-long-name.example.com-process-4711")
            try await page.feed.live.append(raw: 3)
            try await page.feed.live.append(letters: 1)
            try await ops.until("stageOf('processor')[5].startsWith('a-machine') && stageOf('dead letters')[2] === '1'")
            var grounds: [String] = []
            for scheme in ["light", "dark"] {
                try await ops.prefer(["prefers-color-scheme": scheme])
                grounds.append(
                    try await ops.evaluate("getComputedStyle(document.body).backgroundColor", as: String.self))
                let contrast = try await ops.contrast(of: [
                    ".feed td", ".feed th", ".feed h2 small", ".feed p", "#facts", "#board",
                ])
                for (selector, ratio) in contrast { #expect(ratio >= 4.5, "\(scheme): \(selector)") }
                try await ops.photograph("ops-\(scheme)")
            }
            #expect(Set(grounds).count == 2)
            try await ops.resize(width: 390, height: 844, isPhone: true)
            try await ops.expectToFit(390)
            let cut = """
                found('.feed td').filter(one => one.getBoundingClientRect().right
                  > one.closest('.feed').getBoundingClientRect().right).map(one => one.textContent)
                """
            #expect(try await ops.evaluate(cut, as: [String].self) == [])
            try await ops.photograph("ops-phone")
        }
    }

    @Test func `when nobody answers, what is shown is called old`() async throws {
        try await PlayedFeed.with { feed in
            try await Chromium.withPage { ops in
                var port = 0
                try await feed.live.serve { live in
                    port = live.address.port
                    try await ops.open("/ops", of: live)
                    try await ops.until("texts('#link')[0] === 'all feeds up'")
                }
                try await ops.until("texts('#link')[0] === 'no connection' && texts('#banner')[0].endsWith('is old.')")
                try await feed.live.serve(port: port) { _ in
                    try await ops.until("texts('#link')[0] === 'all feeds up' && texts('#banner').length === 0")
                }
            }
        }
    }
}

extension LiveFeed {
    /// A Processor has the feed, and has a group for its frames.
    fileprivate func playProcessor(owner: String) async throws {
        _ = try await redis.createGroup(stream: names.raw, group: ConsumerGroup.processor, at: .zero)
        _ = try await redis.createGroup(stream: names.dead, group: ConsumerGroup.writer, at: .zero)
        _ = try await redis.command(["SET", RedisArgument(names.processorOwner), RedisArgument(owner)])
    }

    /// So many frames that nobody has decoded.
    fileprivate func append(raw count: Int) async throws {
        for number in 1...count {
            let header = RawEntryHeader(
                kind: .control, term: Term(rawValue: 1), first: FrameNumber(number), frameCount: 1,
                prev: FrameNumber(number - 1), receivedAt: WallClock.now)
            let payload = RawEntry.control(.keepalive(state: .live), header: header)
            _ = try await redis.append(to: names.raw, [StreamEntry(id: StreamID(UInt64(number)), payload: payload)])
        }
    }

    /// So many messages that were refused.
    fileprivate func append(letters count: Int) async throws {
        for number in 1...count {
            let letter = DeadLetter(
                position: Position(frame: FrameNumber(number), ordinal: 0), stage: .processor, reason: .badValue,
                detail: "odd", payload: [], receivedAt: WallClock.now)
            let entry = StreamEntry(id: StreamID(UInt64(number)), payload: letter.encoded())
            _ = try await redis.append(to: names.dead, [entry])
        }
    }
}
