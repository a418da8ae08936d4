import CPrefetch

/// What a delivery touches of a connection, to be laid side by side: with thousands of them a delivery waits for memory more than for
/// anything else of our own.
struct Recipient {
    /// Not counted, which would write to memory that is only just on its way: the audience's member holds it.
    let subscriber: Unmanaged<Subscriber>
    /// Addresses, never looked into.
    private let places: (UnsafeRawPointer, UnsafeRawPointer, UnsafeRawPointer)

    init(_ subscriber: Subscriber) {
        self.subscriber = .passUnretained(subscriber)
        let outlet = subscriber.outlet
        places = (Self.place(subscriber), Self.place(outlet), Self.place(outlet.connection))
    }

    private static func place(_ object: AnyObject) -> UnsafeRawPointer {
        UnsafeRawPointer(Unmanaged.passUnretained(object).toOpaque())
    }

    private static let line = 64

    /// Asks for what the delivery will touch.
    func prefetch() {
        touchline_prefetch(places.0)
        touchline_prefetch(places.0 + Self.line)
        touchline_prefetch(places.1)
        touchline_prefetch(places.2)
        touchline_prefetch(places.2 + Self.line)
    }
}
