import FeedModel

/// What a feed's spool is allowed, and where it is.
package struct SpoolConfiguration: Sendable, Hashable {
    /// Every feed has a folder of its own in it.
    package var directory: String
    package var maximumBytes: Int
    package var policy = SpoolPolicy.block
    package var segmentBytes = 64 << 20
    /// How often what was written is forced to the disk.
    package var syncInterval = Duration.milliseconds(500)

    package init(directory: String, maximumBytes: Int = 1 << 30) {
        self.directory = directory
        self.maximumBytes = maximumBytes
    }

    /// Small enough that dropping a segment leaves most of what was spooled.
    var effectiveSegmentBytes: Int { min(segmentBytes, maximumBytes / 8) }
}

/// What happens when a feed's spool holds as much as it may.
package enum SpoolPolicy: String, Sendable, CaseIterable {
    /// The socket is not read until there is room: the provider's buffers fill, and it may hang up.
    case block
    /// The oldest segment is thrown away: a gap of kind `overflow`, and the whole state is asked for afterwards.
    case dropOldest = "drop_oldest"
}

/// How full a spool is.
struct SpoolFill: Sendable {
    /// On the disk.
    let bytes: Int
    /// Thrown away for newer ones since it was last empty.
    let droppedFrames: FrameNumber
}
