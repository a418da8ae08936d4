import Foundation

/// Numbers short enough for a column: five characters at most, `-` for what cannot be told.
enum Figures {
    /// `7`, `0.4`, `950`, `1.2k`, `180k`, `3.4M`.
    static func number(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "-" }
        switch value {
        case ..<9.95: return trimmed(value)
        case ..<999.5: return "\(Int(value.rounded()))"
        case ..<9_950: return "\(trimmed(value / 1_000))k"
        case ..<999_500: return "\(Int((value / 1_000).rounded()))k"
        case ..<9_950_000: return "\(trimmed(value / 1_000_000))M"
        case ..<999_500_000: return "\(Int((value / 1_000_000).rounded()))M"
        default: return ">999M"
        }
    }

    static func number(_ value: Int?) -> String { number(value.map(Double.init)) }

    /// `0.3s`, `45s`, `12m`, `7h`, `3d`.
    static func age(_ seconds: Double?) -> String {
        guard let seconds, seconds.isFinite else { return "-" }
        switch seconds {
        case ..<9.95: return "\(trimmed(seconds))s"
        case ..<120: return "\(Int(seconds.rounded()))s"
        case ..<7_200: return "\(Int(seconds / 60))m"
        case ..<172_800: return "\(Int(seconds / 3_600))h"
        default: return "\(Int(min(seconds / 86_400, 9_999)))d"
        }
    }

    /// `12%`; without a limit there is no share.
    static func share(_ share: Double?) -> String { share.map { "\(Int(($0 * 100).rounded()))%" } ?? "-" }

    static func bytes(_ bytes: Int) -> String {
        let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        guard let (unit, size) = units.first(where: { bytes >= $0.1 }) else { return "\(bytes) B" }
        return "\(trimmed(Double(bytes) / Double(size))) \(unit)"
    }

    /// One digit behind the point, unless it is 0.
    private static func trimmed(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths.isMultiple(of: 10) ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
