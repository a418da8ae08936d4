import ArgumentParser
import Sportsbook

/// Messages a second on a command line: 0 means as fast as possible.
struct MessageRate: ExpressibleByArgument {
    /// Nil for "as fast as possible".
    let perSecond: Double?

    init(_ perSecond: Double) { self.perSecond = perSecond > 0 ? perSecond : nil }

    init?(argument: String) {
        guard let rate = Double(argument), rate == 0 || LoadConfiguration.rates.contains(rate) else { return nil }
        self.init(rate)
    }

    var defaultValueDescription: String { perSecond.map { "\($0)" } ?? "0" }
}

/// A TCP port on a command line: 0 takes a free one.
struct PortNumber: ExpressibleByArgument {
    let number: Int

    init(_ number: UInt16) { self.number = Int(number) }

    init?(argument: String) {
        guard let number = UInt16(argument) else { return nil }
        self.init(number)
    }

    var defaultValueDescription: String { "\(number)" }
}

/// A log level on a command line.
enum LogLevelName: String, ExpressibleByArgument, CaseIterable {
    case trace, debug, info, notice, warning, error, critical
}
