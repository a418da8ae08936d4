import ServiceLifecycle

/// A service under its type's name. The group prints its services when it is debugged, and what they are made of holds
/// passwords and keys.
struct NamedService: Service, CustomStringConvertible {
    private let service: any Service

    init(_ service: any Service) { self.service = service }

    var description: String { "\(type(of: service))" }

    func run() async throws { try await service.run() }
}
