// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "recast",
    products: [
        .library(name: "FFmpeg", targets: ["FFmpeg"]),
        .library(name: "Transcoding", targets: ["Transcoding"]),
        .executable(name: "recast", targets: ["Recast"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
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
        .target(name: "FFmpeg", dependencies: ["CFFmpeg"], swiftSettings: settings),
        .target(name: "Transcoding", dependencies: ["FFmpeg"], swiftSettings: settings),
        .executableTarget(
            name: "Recast",
            dependencies: [
                "FFmpeg", "Transcoding",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),
        .target(name: "TestMedia", path: "Tests/TestMedia", swiftSettings: settings),
        .testTarget(name: "ArchitectureTests", swiftSettings: settings),
        .testTarget(
            name: "TranscodingTests",
            dependencies: ["Transcoding", "FFmpeg"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["TestMedia", "Recast"],
            swiftSettings: settings
        ),
    ]
)
