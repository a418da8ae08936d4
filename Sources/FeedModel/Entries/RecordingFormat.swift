/// A line of a feed's recording: so many digits (microseconds since 1970), a tab, the frame. A frame that would break its line,
/// or looks like one that would, stands there as the mark and its bytes in base64.
package enum RecordingFormat {
    /// Until the year 2286 no time has more; earlier ones are filled up with zeros.
    package static let timeDigits = 16
    package static let encodedMark = Array("base64:".utf8)
}
