// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
    name: "recast",
    products: [
        .library(name: "FFmpeg", targets: ["FFmpeg"]),
        .library(name: "Transcoding", targets: ["Transcoding"]),
        .executable(name: "recast", targets: ["Recast"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        // One trait alone: the order of several differs from build to build, and all of it is built anew.
        .package(
            url: "https://github.com/hummingbird-project/hummingbird",
            from: "2.28.1",
            traits: ["FullFoundation"]
        ),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CFFmpeg",
            pkgConfig: "libavformat libavcodec libavfilter libswscale libswresample libavutil",
            providers: [
                .apt([
                    "libavcodec-dev", "libavformat-dev", "libavfilter-dev",
                    "libswscale-dev", "libswresample-dev", "libavutil-dev",
                ])
            ]
        ),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "Hashing", dependencies: ["CCrypto"], swiftSettings: settings),
        // Without optimizing, its loops take a hundred times as long.
        .target(name: "CTwoThirds", cSettings: [.unsafeFlags(["-O3"])]),
        .target(name: "FFmpeg", dependencies: ["CFFmpeg", "CTwoThirds", "Hashing"], swiftSettings: settings),
        .target(name: "Transcoding", dependencies: ["FFmpeg"], swiftSettings: settings),
        .systemLibrary(name: "CProcess"),
        .target(
            name: "IsolatedEngine",
            dependencies: ["Transcoding", "FFmpeg", "CProcess"],
            swiftSettings: settings
        ),
        .target(
            name: "Jobs",
            dependencies: ["FFmpeg", "IsolatedEngine", "Transcoding", logging],
            swiftSettings: settings
        ),
        .target(
            name: "ElasticTranscoder",
            dependencies: ["Jobs", "Transcoding", logging],
            swiftSettings: settings
        ),
        .target(
            name: "HTTPService",
            dependencies: [
                "AWSSignature", "ElasticTranscoder", "Hashing", "Jobs", logging,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Operations/Resources"), .embedInCode("Page/Resources")],
            swiftSettings: settings
        ),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(name: "AWSSignature", dependencies: ["Hashing"], swiftSettings: settings),
        .target(name: "HTTPTransport", dependencies: ["CCurl"], swiftSettings: settings),
        .target(
            name: "AWSBackend",
            dependencies: ["Hashing", "Jobs", "AWSSignature", "HTTPTransport", logging],
            swiftSettings: settings
        ),
        .systemLibrary(name: "CLinux"),
        .target(
            name: "LocalBackend",
            dependencies: [
                "CLinux", "Hashing", "Jobs", "AWSSignature", "HTTPTransport", logging,
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "Recast",
            dependencies: [
                "FFmpeg", "Transcoding", "IsolatedEngine", "Jobs", "AWSSignature", "AWSBackend",
                "ElasticTranscoder", "HTTPService", "LocalBackend", "HTTPTransport", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "TestMedia",
            dependencies: ["CProcess"],
            path: "Tests/TestMedia",
            swiftSettings: settings
        ),
        .target(
            name: "TestServers",
            dependencies: ["TestMedia"],
            path: "Tests/TestServers",
            swiftSettings: settings
        ),
        .target(
            name: "TestBackends",
            dependencies: ["Jobs"],
            path: "Tests/TestBackends",
            swiftSettings: settings
        ),
        .testTarget(name: "ArchitectureTests", swiftSettings: settings),
        .testTarget(
            name: "TranscodingTests",
            dependencies: ["Transcoding", "FFmpeg", "TestMedia"],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "Example",
            dependencies: ["Transcoding"],
            path: "Tests/Example",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "EngineProbe",
            dependencies: ["IsolatedEngine", "Transcoding"],
            path: "Tests/EngineProbe",
            swiftSettings: settings
        ),
        .testTarget(
            name: "IsolatedEngineTests",
            dependencies: [
                "IsolatedEngine", "Transcoding", "FFmpeg", "TestMedia", "Recast", "EngineProbe",
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "JobsTests",
            dependencies: [
                "FFmpeg", "Jobs", "IsolatedEngine", "Transcoding", "LocalBackend", "TestBackends",
                "TestMedia",
                logging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "HashingTests",
            dependencies: ["Hashing"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AWSSignatureTests",
            dependencies: ["AWSSignature", "TestMedia"],
            exclude: ["vectors.py"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "HTTPTransportTests",
            dependencies: ["HTTPTransport", "TestMedia"],
            exclude: ["server.py", "http2_server.py"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AWSBackendTests",
            dependencies: [
                "AWSBackend", "AWSSignature", "Hashing", "HTTPTransport", "Jobs", "TestMedia", "TestServers",
                logging,
            ],
            exclude: ["template.py"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "BackendTests",
            dependencies: [
                "Jobs", "AWSBackend", "AWSSignature", "LocalBackend", "HTTPTransport", "TestMedia",
                "TestServers", "TestBackends", logging,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "LocalProbe",
            dependencies: ["Jobs", "LocalBackend"],
            path: "Tests/LocalProbe",
            swiftSettings: settings
        ),
        .testTarget(
            name: "LocalBackendTests",
            dependencies: [
                "Jobs", "LocalBackend", "LocalProbe", "HTTPTransport", "TestMedia", logging,
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ElasticTranscoderTests",
            dependencies: [
                "ElasticTranscoder", "Jobs", "Recast", "TestBackends", "TestMedia", "TestServers",
                "Transcoding",
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "HTTPServiceTests",
            dependencies: [
                "AWSSignature", "ElasticTranscoder", "Hashing", "HTTPService", "HTTPTransport", "Jobs",
                "TestBackends",
                "TestMedia", "TestServers", "Transcoding", logging,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            exclude: ["signed.py", "Uploads/post.py"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "RecastTests",
            dependencies: ["Recast", "FFmpeg", "Jobs", "TestMedia", logging],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "AWSBackend", "AWSSignature", "Example", "IsolatedEngine", "Jobs", "Recast", "TestBackends",
                "TestMedia", "TestServers", "Transcoding", logging,
            ],
            exclude: [
                "ElasticTranscoder/original.py", "ElasticTranscoder/service.py", "Page/page.py",
                "Page/site_client.py",
            ],
            swiftSettings: settings
        ),
    ]
)
