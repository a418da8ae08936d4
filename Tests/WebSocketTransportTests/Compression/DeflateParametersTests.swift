import Testing

@testable import WebSocketTransport

@Suite struct DeflateParametersTests {
    @Test func offersSayWhatIsWanted() {
        #expect(DeflateParameters.offer(CompressionOffer()) == "permessage-deflate; client_max_window_bits")
        var offer = CompressionOffer()
        offer.clientNoContextTakeover = true
        offer.serverNoContextTakeover = true
        offer.clientMaximumWindowBits = 10
        offer.serverMaximumWindowBits = 11
        #expect(
            DeflateParameters.offer(offer)
                == "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
                + "server_max_window_bits=11; client_max_window_bits=10")
    }

    @Test func answersAreChecked() throws {
        let offer = CompressionOffer()
        #expect(try DeflateParameters.accepted([], offer: offer) == nil)
        let plain = try DeflateParameters.accepted(["permessage-deflate"], offer: offer)
        #expect(plain == DeflateParameters())
        let narrow = try DeflateParameters.accepted(
            ["permessage-deflate; client_max_window_bits=9; server_no_context_takeover"], offer: offer)
        #expect(narrow?.clientMaximumWindowBits == 9)
        #expect(narrow?.serverNoContextTakeover == true)
        for wrong in [
            ["x-webkit-deflate-frame"], ["permessage-deflate", "permessage-deflate"], ["permessage-deflate; x"],
            ["permessage-deflate; client_max_window_bits"], ["permessage-deflate; server_max_window_bits=7"],
            ["permessage-deflate; server_max_window_bits=16"],
            ["permessage-deflate; server_no_context_takeover; server_no_context_takeover"],
        ] {
            #expect(throws: ProtocolViolation.self) { try DeflateParameters.accepted(wrong, offer: offer) }
        }
        #expect(throws: ProtocolViolation.self) { try DeflateParameters.accepted(["permessage-deflate"], offer: nil) }
        var strict = CompressionOffer()
        strict.serverNoContextTakeover = true
        #expect(throws: ProtocolViolation.self) {
            try DeflateParameters.accepted(["permessage-deflate"], offer: strict)
        }
    }

    @Test func serverTakesTheFirstOfferItCan() {
        let offers = ["permessage-bzip2", "permessage-deflate; server_max_window_bits=8", "permessage-deflate"]
        #expect(DeflateParameters.negotiate(offers, .off) == nil)
        #expect(DeflateParameters.negotiate(offers, .withContextTakeover)?.answer == "permessage-deflate")
        let forgetting = DeflateParameters.negotiate(offers, .withoutContextTakeover)
        #expect(
            forgetting?.answer == "permessage-deflate; server_no_context_takeover; client_no_context_takeover")
        let narrow = DeflateParameters.negotiate(
            ["permessage-deflate; server_max_window_bits=\"10\"; client_max_window_bits"], .withContextTakeover)
        #expect(narrow?.answer == "permessage-deflate; server_max_window_bits=10")
        // Frames that are shared have one window.
        let small = "permessage-deflate; server_max_window_bits=10"
        #expect(DeflateParameters.negotiate([small], .withoutContextTakeover) == nil)
        #expect(
            DeflateParameters.negotiate(
                [small, "permessage-deflate; server_max_window_bits=15"], .withoutContextTakeover)?
                .agreed.serverMaximumWindowBits == 15)
        for wrong in ["permessage-deflate; x=1", "permessage-deflate; client_max_window_bits=16"] {
            #expect(DeflateParameters.negotiate([wrong], .withContextTakeover) == nil)
        }
    }
}
