import FeedModel

/// Looks into raw entries.
enum RawFrames {
    /// One frame of a raw entry, by its number; nil if the entry does not have it.
    static func frame(_ number: FrameNumber, of payload: [UInt8]) -> [UInt8]? {
        payload.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            guard let header = try? RawEntry.header(&cursor), (header.first...header.last).contains(number) else {
                return nil
            }
            for _ in header.first..<number {
                guard (try? RawEntry.frame(&cursor)) != nil else { return nil }
            }
            return (try? RawEntry.frame(&cursor)).map { [UInt8]($0.bytes) }
        }
    }

    /// Everything behind a raw entry's header: its frames, each behind its length.
    static func section(of payload: [UInt8]) throws(EntryError) -> (header: RawEntryHeader, frames: ArraySlice<UInt8>) {
        var offset = 0
        let header = try RawEntry.header(of: payload)
        payload.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            _ = try? RawEntry.header(&cursor)
            offset = cursor.offset
        }
        return (header, payload[offset...])
    }
}

extension RawFrames {
    /// A section of frames in which `replace` has changed some; nil if it has changed none, or the section cannot be read.
    static func rewritten(_ section: [UInt8], _ replace: ([UInt8]) -> [UInt8]?) -> [UInt8]? {
        section.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            var result: [UInt8] = []
            var isChanged = false
            while !cursor.isAtEnd {
                guard let frame = try? RawEntry.frame(&cursor) else { return nil }
                let replaced = replace([UInt8](frame.bytes))
                isChanged = isChanged || replaced != nil
                if let replaced {
                    replaced.withUnsafeBytes { RawEntry.append(frame: $0, isBinary: frame.isBinary, to: &result) }
                } else {
                    RawEntry.append(frame: frame.bytes, isBinary: frame.isBinary, to: &result)
                }
            }
            return isChanged ? result : nil
        }
    }
}

/// Takes single messages out of entries of `events`.
enum EventsExtract {
    /// The events at one position as the payload of an entry of their own; nil if the entry cannot be read.
    static func message(at position: Position, of payload: [UInt8]) -> [UInt8]? {
        payload.withUnsafeBytes { bytes in
            guard var reader = try? EventsEntryReader(bytes) else { return nil }
            let header = reader.header
            var encoder = EventsEntryEncoder(capacity: 4 * 1024)
            encoder.begin(
                RawEntryHeader(
                    kind: header.isControl ? .control : .frames, term: header.term, first: header.first,
                    frameCount: Int(header.last - header.first + 1), prev: header.prev, receivedAt: header.receivedAt))
            while let event = try? reader.next() {
                switch event {
                case .oddsChange(let change) where change.position == position: encoder.append(change)
                case .fixtureUpdate(let update) where update.position == position: encoder.append(update)
                case .settlement(let settlement) where settlement.position == position: encoder.append(settlement)
                case .betPlacement(let bet) where bet.position == position: encoder.append(bet)
                case .control(let place, let body) where place == position: encoder.append(control: body, at: place)
                default: continue
                }
            }
            return encoder.finish()
        }
    }
}
