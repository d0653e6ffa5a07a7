#!/usr/bin/env bash
# Runs the engine's tests in another build, under a sanitizer or optimized: run.sh address|thread|release [FILTER]
#
# They are built as a package of their own, so that the service and its dependencies are not built anew: the
# engine's targets, and the program with only the commands that work on files. A sanitizer's report is a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

build=${1:?address, thread or release}
root=$PWD
folder=.build/tests-$build
mkdir -p "$folder/Sources" "$folder/Tests"
for target in CProcess CCrypto CFFmpeg CTwoThirds Hashing FFmpeg Transcoding IsolatedEngine Jobs; do ln -sfn "$root/Sources/$target" "$folder/Sources/$target"; done
for target in TestMedia TranscodingTests EngineProbe; do ln -sfn "$root/Tests/$target" "$folder/Tests/$target"; done
ln -sfn "$root/samples" "$folder/samples"
# The program without its service: the commands that work on files.
program=$folder/Sources/Recast
rm -rf "$program"
mkdir "$program"
for file in ClipOptions CommandFailure CompareCommand ConfigCommand Configuration Console DamageDescription EngineCommand \
    ExaminationDescription FileLimit InterruptWatch PresetDescription Presets PresetsCommand ProbeCommand Program \
    ProgressBar SegmentDescription SpeedOption TranscodeCommand TranscodeOutputs VerifyCommand; do
    [[ -d Sources/Recast/$file ]] || file+=.swift
    ln -s "$root/Sources/Recast/$file" "$program/$file"
done
ln -s "$root/Tests/Builds/recast.swift" "$program/Recast.swift"
# The suites that run this program on files: those that need nothing but clips and what is built here.
suites=$folder/Tests/EndToEndTests
rm -rf "$suites"
mkdir "$suites"
for suite in Tests/EndToEndTests/*Tests.swift; do
    # They need the service's commands, an installation, other programs of the package, or valgrind.
    case ${suite##*/} in Config* | Install* | Example* | Leak* | UnitFile* | WrongUse*) continue ;; esac
    if ! grep '^import' "$suite" | grep -qvE ' (Foundation|TestMedia|Testing)$'; then ln -s "$root/$suite" "$suites/"; fi
done
ln -s "$root/Tests/EndToEndTests/RecastProgram.swift" "$suites/"
# What the engine's process must not reach is nothing for a sanitizer, which needs files and memory itself.
suites=$folder/Tests/IsolatedEngineTests
rm -rf "$suites"
mkdir "$suites"
for suite in Tests/IsolatedEngineTests/*.swift; do
    [[ $suite == */ConfinementTests.swift ]] || ln -s "$root/$suite" "$suites/"
done
if [[ -e Package.resolved ]]; then cp Package.resolved "$folder"; fi
# Foundation lists no folder through a link.
rm -rf "$folder/presets"
cp -r presets "$folder/presets"
cat >"$folder/Package.swift" <<'MANIFEST'
// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("MemberImportVisibility"),
]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
    name: "recast",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CFFmpeg",
            pkgConfig: "libavformat libavcodec libavfilter libswscale libswresample libavutil"
        ),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto"),
        .target(name: "Hashing", dependencies: ["CCrypto"], swiftSettings: settings),
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
        .executableTarget(
            name: "recast",
            dependencies: [
                "FFmpeg", "Transcoding", "IsolatedEngine", "Jobs", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ],
            path: "Sources/Recast",
            swiftSettings: settings
        ),
        .target(
            name: "TestMedia",
            dependencies: ["CProcess"],
            path: "Tests/TestMedia",
            swiftSettings: settings
        ),
        .testTarget(
            name: "TranscodingTests",
            dependencies: ["Transcoding", "FFmpeg", "TestMedia"],
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
            dependencies: ["IsolatedEngine", "Transcoding", "FFmpeg", "TestMedia", "recast", "EngineProbe"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["recast", "TestMedia"],
            swiftSettings: settings
        ),
    ]
)
MANIFEST
tests=(swift test --package-path "$folder" --no-parallel ${2:+--filter "$2"})
if [[ $build == release ]]; then
    exec "${tests[@]}" -c release -Xswiftc -enable-testing --skip '^IsolatedEngineTests\.'
fi
# FFmpeg's libraries know nothing of the sanitizer; what they lose or share among their own threads is theirs.
reports=$root/$folder/reports
rm -rf "$reports"
mkdir "$reports"
common=exitcode=99:log_path=$reports/$build
export ASAN_OPTIONS=$common:detect_leaks=0:abort_on_error=0
export TSAN_OPTIONS=$common:suppressions=$root/Tests/Builds/thread.txt:second_deadlock_stack=1
status=0
tests+=(--sanitize="$build")
"${tests[@]}" --skip '^IsolatedEngineTests\.' || status=$?
# Whoever starts the engine's process is watched, with a process that is not: it has no environment.
swift build --product recast
RECAST_EXECUTABLE=$root/.build/debug/recast "${tests[@]}" --skip-build --skip '^(EndToEnd|Transcoding)Tests\.' ||
    status=$?
for report in "$reports"/*; do
    [[ -e $report ]] || continue
    cat "$report" >&2
    status=1
done
exit "$status"
