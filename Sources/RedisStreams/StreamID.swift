// SPDX-License-Identifier: Apache-2.0

/// The id of a stream entry, `<milliseconds>-<sequence>`. In a feed's streams the first half is a frame number.
package struct StreamID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let milliseconds: UInt64
    package let sequence: UInt64

    package init(_ milliseconds: UInt64, _ sequence: UInt64 = 0) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    /// Reads `12-3` or `12`; nil for anything else.
    package init?(_ text: some StringProtocol) {
        var text = String(text)
        guard let id = text.withUTF8({ Self(digits: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = id
    }

    /// Below every entry: a stream's id can never be this.
    package static let zero = StreamID(0)
    /// Above every entry.
    package static let max = StreamID(.max, .max)

    /// The smallest id above this one.
    package var successor: StreamID {
        sequence < .max ? StreamID(milliseconds, sequence + 1) : StreamID(milliseconds &+ 1)
    }

    package var description: String { "\(milliseconds)-\(sequence)" }

    package static func < (left: StreamID, right: StreamID) -> Bool {
        left.milliseconds != right.milliseconds
            ? left.milliseconds < right.milliseconds : left.sequence < right.sequence
    }

    /// Reads an id as Redis sends it.
    init?(digits bytes: UnsafeRawBufferPointer) {
        var numbers: (UInt64, UInt64) = (0, 0)
        var digitCount = 0
        var hasDash = false
        for byte in bytes {
            if byte == UInt8(ascii: "-") {
                guard !hasDash, digitCount > 0 else { return nil }
                (hasDash, digitCount) = (true, 0)
                continue
            }
            let digit = UInt64(byte &- UInt8(ascii: "0"))
            guard digit < 10 else { return nil }
            let (tens, overflow) = (hasDash ? numbers.1 : numbers.0).multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(digit)
            guard !overflow, !carry else { return nil }
            if hasDash { numbers.1 = sum } else { numbers.0 = sum }
            digitCount += 1
        }
        guard digitCount > 0 else { return nil }
        self.init(numbers.0, numbers.1)
    }
}
