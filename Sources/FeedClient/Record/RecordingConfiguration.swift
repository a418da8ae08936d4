/// Where a feed's frames are recorded, and when a new file begins.
package struct RecordingConfiguration: Sendable, Hashable {
    package var directory: String
    /// Of a file, compressed. A new one begins with every hour (UTC) as well.
    package var fileBytes = 256 << 20
    /// What waits for the disk; more is left out and counted.
    package var pendingBytes = 64 << 20
    /// How old what is not on the disk may become.
    package var period = Duration.seconds(5)

    package init(directory: String) { self.directory = directory }
}
