import Foundation
import Testing

@Suite("The architecture")
struct ArchitectureTests {
    /// What each target may import: the table in docs/architecture.md.
    private static let allowedImports: [String: Set<String>] = [
        "CFFmpeg": [],
        "CTwoThirds": [],
        "FFmpeg": ["CFFmpeg", "CTwoThirds", "Hashing", "Foundation", "Synchronization"],
        "Transcoding": ["FFmpeg", "Foundation", "Dispatch", "Synchronization"],
        "CProcess": [],
        "IsolatedEngine": ["CProcess", "FFmpeg", "Transcoding", "Foundation", "Dispatch"],
        "Jobs": ["FFmpeg", "Transcoding", "IsolatedEngine", "Foundation", "Logging", "Synchronization"],
        "ElasticTranscoder": ["Jobs", "Transcoding", "Foundation", "Logging", "Synchronization"],
        "HTTPService": [
            "AWSSignature", "ElasticTranscoder", "Hashing", "Jobs", "Transcoding", "Foundation", "HTTPTypes",
            "Hummingbird", "HummingbirdCore", "Logging", "Metrics", "NIOCore", "NIOHTTP1", "NIOHTTPTypes",
            "NIOPosix",
            "ServiceLifecycle",
            "Synchronization",
        ],
        "CCrypto": [],
        "CCurl": [],
        "CLinux": [],
        "AWSSignature": ["Hashing", "Foundation"],
        "Hashing": ["CCrypto", "Foundation"],
        "HTTPTransport": ["CCurl", "Dispatch", "Foundation", "Synchronization"],
        "AWSBackend": [
            "Hashing", "Jobs", "AWSSignature", "HTTPTransport", "Foundation", "Logging", "Synchronization",
        ],
        "LocalBackend": [
            "CLinux", "Hashing", "Jobs", "AWSSignature", "HTTPTransport", "Dispatch", "Foundation", "Glibc",
            "GRDB",
            "Logging", "Synchronization",
        ],
        "Recast": [
            "FFmpeg", "Transcoding", "IsolatedEngine", "Jobs", "AWSSignature", "AWSBackend", "LocalBackend",
            "ElasticTranscoder", "HTTPService", "HTTPTransport", "Foundation", "ArgumentParser", "Glibc",
            "Dispatch", "Logging",
            "ServiceLifecycle", "Synchronization", "UnixSignals", "Yams",
        ],
    ]

    private static let cLibraryUsers = [
        ("CFFmpeg", "FFmpeg"), ("CTwoThirds", "FFmpeg"), ("CProcess", "IsolatedEngine"),
        ("CCurl", "HTTPTransport"),
        ("CCrypto", "Hashing"), ("CLinux", "LocalBackend"),
    ]
    private static let cLibraries = Set(cLibraryUsers.map(\.0))

    @Test("Every folder of Sources is in the table, and the table holds no other")
    func knowsEveryTarget() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: SourceFile.sources.path)
        #expect(Set(folders.filter { !$0.hasPrefix(".") }) == Set(Self.allowedImports.keys))
    }

    @Test("A target imports only what the table allows", arguments: allowedImports.keys.sorted())
    func importsOnlyAllowed(target: String) throws {
        let allowed = try #require(Self.allowedImports[target])
        let files = try SourceFile.all(below: target)
        // A target of Swift in which no file is found would pass unread.
        #expect(files.isEmpty == Self.cLibraries.contains(target))
        for file in files {
            let forbidden = file.imports.subtracting(allowed).sorted()
            #expect(forbidden.isEmpty, "\(file.path) imports \(forbidden.joined(separator: ", "))")
        }
    }

    @Test("Each C library is imported by one target", arguments: cLibraryUsers)
    func keepsCBehindOneDoor(library: String, user: String) throws {
        for file in try SourceFile.all() where file.imports.contains(library) {
            #expect(file.path.hasPrefix("\(user)/"), "\(file.path) imports \(library)")
        }
    }

    @Test(
        "Dispatch is used only where calls block: stages, libcurl, files, the engine's process, the program"
    )
    func keepsDispatchInStages() throws {
        let rooms = [
            "Transcoding/Stages/", "Transcoding/Segments/", "HTTPTransport/", "IsolatedEngine/",
            "LocalBackend/FileExecutor.swift",
            "Recast/",
        ]
        for file in try SourceFile.all() where file.usesDispatch {
            let isAllowed = rooms.contains { file.path.hasPrefix($0) }
            #expect(isAllowed, "\(file.path) uses Dispatch")
        }
    }

    @Test(
        "The engine locks in a way that ThreadSanitizer sees",
        arguments: ["FFmpeg", "Transcoding", "IsolatedEngine"]
    )
    func locksAreSeen(target: String) throws {
        for file in try SourceFile.all(below: target) {
            #expect(!file.text.contains(#/\bMutex[<(]/#), "\(file.path) uses Mutex instead of Lock")
        }
    }

    @Test("Whatever the library offers is documented", arguments: ["FFmpeg", "Transcoding"])
    func documentsTheLibrary(target: String) throws {
        for file in try SourceFile.all(below: target) {
            for line in file.undocumentedLines { Issue.record("\(file.path): \(line)") }
        }
    }

    @Test(
        "A declaration is documented by the lines above its attributes",
        arguments: [
            ("/// A.\npublic let a = 1", 0), ("public let a = 1", 1),
            ("/// A.\n// Safe: because.\n@discardableResult\npublic func a() {}", 0),
            ("// A.\n    public private(set) var a = 1\n", 1), ("public import A", 0),
            ("let a = 1\n/// A.\n\nextension B {\n    public init() {}\n}", 1),
        ]
    )
    func findsDocumentation(text: String, count: Int) {
        #expect(SourceFile(path: "Text.swift", text: text).undocumentedLines.count == count)
    }

    @Test(
        "An import is found however it is written",
        arguments: [
            ("import A", ["A"]),
            ("public import A\ninternal import B", ["A", "B"]),
            ("@preconcurrency import A", ["A"]),
            ("@_spi(Testing) @testable package import A // why", ["A"]),
            ("import struct A.B", ["A"]),
            ("#if os(Linux)\n    import A\n#endif", ["A"]),
            ("// import A\n/// import A\nlet important = 1", []),
        ]
    )
    func findsImports(text: String, modules: [String]) {
        #expect(SourceFile(path: "Text.swift", text: text).imports == Set(modules))
    }
}

/// One Swift file below Sources.
private struct SourceFile {
    /// The folder that holds a folder for each target.
    static let sources = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources")

    /// Relative to Sources.
    let path: String
    let text: String

    /// The Swift files below a folder of Sources, or below all of them.
    static func all(below folder: String = "") throws -> [SourceFile] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: sources.path)
        return try paths.sorted()
            .filter { $0.hasSuffix(".swift") && (folder.isEmpty || $0.hasPrefix(folder + "/")) }
            .map { path in
                let url = sources.appendingPathComponent(path)
                return SourceFile(path: path, text: try String(contentsOf: url, encoding: .utf8))
            }
    }

    /// The modules imported, whatever the attributes, access level and kind of the import.
    var imports: Set<String> {
        let declaration =
            #/
            ^ \s*
            (?: @ \w+ (?: \( [^)]* \) )? \s+ )*
            (?: (?: public | package | internal | fileprivate | private ) \s+ )?
            import \s+
            (?: (?: struct | class | enum | protocol | typealias | func | let | var ) \s+ )?
            ( \w+ )
            /#
        return Set(text.matches(of: declaration.anchorsMatchLineEndings()).map { String($0.1) })
    }

    /// The first lines of public declarations that nothing is said of.
    var undocumentedLines: [String] {
        let lines = text.components(separatedBy: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        return lines.indices.filter { index in
            guard lines[index].hasPrefix("public "), !lines[index].hasPrefix("public import") else {
                return false
            }
            let above = lines[..<index].last { !$0.hasPrefix("@") && !$0.hasPrefix("// ") }
            return above?.hasPrefix("///") != true
        }.map { lines[$0] }
    }

    /// Foundation exports Dispatch on Linux, so its types count as well as the import.
    var usesDispatch: Bool {
        imports.contains("Dispatch") || text.contains(#/\bDispatch[A-Z]\w*/#)
    }
}
