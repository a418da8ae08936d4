import FeedModel

/// Prices that were decoded and that the book has yet to learn of. Bounded; memory is used again.
struct PendingOffers: ~Copyable {
    struct Offer {
        let key: UInt64
        let odd: FixedDecimal?
        let status: OddsStatus
        let offset: Int
        let length: Int
    }

    static let maximumOffers = 256
    private static let maximumBytes = 32 * 1024

    let offers: UnsafeMutablePointer<Offer>
    /// What a search for each offer meets first.
    let entries: UnsafeMutablePointer<UInt32>
    private(set) var count = 0
    /// Depends on everything that was touched to warm it, so that touching is not optimised away.
    var warmth: UInt64 = 0
    private let bytes: UnsafeMutableRawPointer
    private var byteCount = 0

    init() {
        offers = .allocate(capacity: Self.maximumOffers)
        entries = .allocate(capacity: Self.maximumOffers)
        bytes = .allocate(byteCount: Self.maximumBytes, alignment: 16)
    }

    deinit {
        offers.deallocate()
        entries.deallocate()
        bytes.deallocate()
    }

    @inline(__always)
    func isFull(adding length: Int) -> Bool {
        count == Self.maximumOffers || byteCount + length > Self.maximumBytes
    }

    @inline(__always)
    mutating func add(_ identity: UnsafeRawBufferPointer, key: UInt64, odd: FixedDecimal?, status: OddsStatus) {
        guard let base = identity.baseAddress else { return }
        (bytes + byteCount).copyMemory(from: base, byteCount: identity.count)
        (offers + count).initialize(
            to: Offer(key: key, odd: odd, status: status, offset: byteCount, length: identity.count))
        count += 1
        byteCount += identity.count
    }

    @inline(__always)
    func identity(_ index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes + offers[index].offset, count: offers[index].length)
    }

    mutating func removeAll() {
        count = 0
        byteCount = 0
    }
}
