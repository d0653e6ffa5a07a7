package import Foundation

/// The clips in `samples/`, and further ones on request.
package enum Samples {
    /// The folder that holds Package.swift.
    package static let packageRoot = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    package static func path(_ name: String) -> String {
        packageRoot.appendingPathComponent("samples").appendingPathComponent(name).path
    }

    /// The folder of further clips that the environment variable RECAST_MEDIA names, if it names one.
    package static var furtherMedia: URL? {
        ProcessInfo.processInfo.environment["RECAST_MEDIA"]
            .map { URL(fileURLWithPath: $0, isDirectory: true) }
    }

    /// The path of a further clip, or nil when there is none of that name.
    package static func furtherPath(_ name: String) -> String? {
        guard let path = furtherMedia?.appendingPathComponent(name).path else { return nil }
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }
}
