/// The sides of an event that a provider names in one text.
enum TeamNames {
    private static let separators: [(text: [UInt8], isHomeFirst: Bool)] = [
        (Array(" v ".utf8), true), (Array(" vs ".utf8), true), (Array(" @ ".utf8), false),
    ]

    /// Home and away, from "Home v Away" or "Away @ Home"; an event without two sides is all home.
    static func sides(of name: [UInt8]) -> (home: ArraySlice<UInt8>, away: ArraySlice<UInt8>) {
        for (separator, isHomeFirst) in separators {
            for start in name.indices.dropLast(separator.count)
            where start > 0 && name[start...].starts(with: separator) {
                let (first, second) = (name[..<start], name[(start + separator.count)...])
                return isHomeFirst ? (first, second) : (second, first)
            }
        }
        return (name[...], [])
    }
}
