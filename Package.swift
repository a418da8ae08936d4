// swift-tools-version: 6.2
import PackageDescription

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
]
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "touchline",
    products: [.executable(name: "touchline", targets: ["Touchline"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        // C modules: a module map and a shim, nothing else.
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CPrefetch"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(
            name: "CSimdjson",
            linkerSettings: [.linkedLibrary("simdjson")]),

        // Vocabulary.
        .target(name: "FeedModel"),
        .target(name: "FeedJSON", dependencies: ["CSimdjson"]),
        .target(name: "DedicatedThread"),
        .target(name: "Supervision", dependencies: [lifecycle]),
        .target(name: "Telemetry", dependencies: [log, metrics]),
        .target(
            name: "ExportFiles",
            dependencies: ["CZlib", .product(name: "Crypto", package: "swift-crypto")]),

        // Adapters: they move bytes and rows, not odds.
        .target(name: "RedisStreams", dependencies: ["CHiredis", "DedicatedThread", "Telemetry", log]),
        .target(name: "PostgresCopy", dependencies: ["CLibPQ", "DedicatedThread", "Telemetry", log]),
        .target(
            name: "WebSocketTransport",
            dependencies: nio + [
                "CZlib", "Telemetry", log,
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),

        .target(
            name: "ObjectStore",
            dependencies: [
                "WebSocketTransport", "ExportFiles", "Telemetry",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),

        // The only importer of jwt-kit.
        .target(
            name: "AccessTokens",
            dependencies: [
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),

        // Stages: none imports another.
        .target(
            name: "FeedClient",
            dependencies: [
                "CZlib", "FeedModel", "FeedJSON", "WebSocketTransport", "RedisStreams", "DedicatedThread",
                "Supervision",
                "Telemetry", log, metrics, lifecycle,
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ]),
        .target(
            name: "Processor",
            dependencies: [
                "FeedModel", "FeedJSON", "RedisStreams", "Supervision", "Telemetry", log, metrics, lifecycle,
            ]),
        .target(
            name: "Writer",
            dependencies: [
                "FeedModel", "ExportFiles", "ObjectStore", "RedisStreams", "PostgresCopy", "Supervision", "Telemetry",
                log, metrics, lifecycle,
            ]),
        .target(
            name: "Broadcaster",
            dependencies: nio + [
                "CPrefetch", "FeedModel", "AccessTokens", "WebSocketTransport", "RedisStreams", "Supervision",
                "Telemetry", log, metrics, lifecycle,
            ],
            // Compiled in: the program is one file.
            resources: [
                .embedInCode("Documents/openapi.json"), .embedInCode("Documents/asyncapi.json"),
                .embedInCode("Documents/schemas/commands.json"), .embedInCode("Documents/schemas/frames.json"),
                .embedInCode("Documents/schemas/rest.json"),
            ]),

        // The sportsbook API with its simulator, and private servers for demo, tests and benchmarks.
        .target(
            name: "Sportsbook",
            dependencies: nio + ["FeedModel", "WebSocketTransport", "Telemetry", log, lifecycle]),
        .target(name: "DevServices", dependencies: [log]),

        .executableTarget(
            name: "Touchline",
            dependencies: [
                "CMalloc", "FeedModel", "FeedJSON", "Telemetry", "ExportFiles", "ObjectStore", "RedisStreams",
                "PostgresCopy", "WebSocketTransport", "AccessTokens",
                "FeedClient", "Processor", "Writer", "Broadcaster", "Sportsbook", "DevServices",
                log, metrics, lifecycle, argumentParser,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]),

        // Both ends of WebSocketTransport for `make conformance`; nobody installs it.
        .executableTarget(
            name: "WebSocketConformance",
            dependencies: [
                "WebSocketTransport", argumentParser,
                .product(name: "NIOCore", package: "swift-nio"),
            ]),

        // Tests mirror the modules.
        .target(
            name: "TestSupport",
            dependencies: nio + [
                "DevServices", "WebSocketTransport", log, .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            path: "Tests/TestSupport"),
        .testTarget(name: "FeedModelTests", dependencies: ["FeedModel"]),
        .testTarget(name: "FeedJSONTests", dependencies: ["FeedJSON"]),
        .testTarget(name: "DedicatedThreadTests", dependencies: ["DedicatedThread"]),
        .testTarget(name: "SupervisionTests", dependencies: ["Supervision"]),
        .testTarget(name: "AccessTokensTests", dependencies: ["AccessTokens", "TestSupport"]),
        .testTarget(name: "ExportFilesTests", dependencies: ["ExportFiles", "DevServices", "TestSupport"]),
        .testTarget(
            name: "ObjectStoreTests",
            dependencies: ["ObjectStore", "ExportFiles", "WebSocketTransport", "DevServices", "TestSupport"]),
        .testTarget(name: "TelemetryTests", dependencies: ["Telemetry", log, metrics]),
        .testTarget(
            name: "RedisStreamsTests",
            dependencies: ["RedisStreams", "Telemetry", "DevServices", "TestSupport", log]),
        .testTarget(name: "PostgresCopyTests", dependencies: ["PostgresCopy", "DevServices", "TestSupport", log]),
        .testTarget(
            name: "WebSocketTransportTests",
            dependencies: nio + ["WebSocketTransport", "DevServices", "TestSupport"]),
        .testTarget(
            name: "FeedClientTests",
            dependencies: nio + [
                "FeedClient", "FeedModel", "FeedJSON", "WebSocketTransport", "Telemetry", "DevServices", "TestSupport",
                log, .product(name: "CryptoExtras", package: "swift-crypto"),
            ]),
        .testTarget(
            name: "ProcessorTests",
            dependencies: ["Processor", "FeedModel", "FeedJSON", "RedisStreams", "TestSupport", log]),
        .testTarget(
            name: "WriterTests",
            dependencies: [
                "Writer", "ExportFiles", "ObjectStore", "FeedModel", "RedisStreams", "PostgresCopy", "Telemetry",
                "DevServices",
                "TestSupport", log,
                lifecycle,
            ]),
        .testTarget(
            name: "BroadcasterTests",
            dependencies: nio + [
                "Broadcaster", "AccessTokens", "FeedModel", "WebSocketTransport", "RedisStreams", "DevServices",
                "Telemetry", "TestSupport", log, lifecycle,
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .testTarget(name: "SportsbookTests", dependencies: nio + ["Sportsbook", "FeedModel", "WebSocketTransport"]),
        .testTarget(name: "DevServicesTests", dependencies: ["DevServices", "TestSupport"]),
        .testTarget(
            name: "TouchlineTests",
            dependencies: nio + [
                "Touchline", "AccessTokens", "Broadcaster", "FeedModel", "RedisStreams", "Telemetry", "TestSupport",
                "WebSocketTransport", log, metrics, lifecycle,
            ]),
        .testTarget(
            name: "PipelineTests",
            dependencies: nio + [log, "FeedModel", "Sportsbook", "WebSocketTransport", "DevServices", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)

// scripts/fuzz.sh alone builds it: libFuzzer brings its own main.
if Context.environment["TOUCHLINE_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "DecoderFuzzer", dependencies: ["FeedModel", "Processor"], path: "Fuzz/DecoderFuzzer"))
    package.products.append(.executable(name: "DecoderFuzzer", targets: ["DecoderFuzzer"]))
}

for target in package.targets where target.type != .system {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        ]
    // CI and `make lint` set it: a warning in our own targets, and only there, is an error.
    if Context.environment["TOUCHLINE_STRICT"] != nil {
        target.swiftSettings = (target.swiftSettings ?? []) + [.treatAllWarnings(as: .error)]
    }
}
