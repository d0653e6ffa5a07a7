internal import FFmpeg
internal import Transcoding

/// A command has said what went wrong; only the status is left to return.
struct CommandFailure: Error {
    let status: Int32
}

/// What the environment sets for commands on local files.
enum CommandSettings {
    /// The limits, which the variables `RECAST_LIMIT_…` set.
    static func limits() throws -> IngestLimits {
        try read { () throws(ConfigurationError) in try Configuration.limits() }
    }

    /// The presets, among them those in the folder that `RECAST_PRESETS` names.
    static func presets() throws -> PresetLibrary {
        .standard(folder: try read { () throws(ConfigurationError) in try Configuration.presetsFolder() })
    }

    private static func read<Value>(_ setting: () throws(ConfigurationError) -> Value) throws -> Value {
        do {
            return try setting()
        } catch {
            error.print()
            throw CommandFailure(status: ExitStatus.usage)
        }
    }
}

/// The program's exit statuses, as the README lists them.
enum ExitStatus {
    static let usage: Int32 = 2

    static func of(_ code: TranscodingError.Code) -> Int32 {
        switch code {
        case .presetInvalid, .outputExists: usage
        case .outputUnwritable, .outputNeedsFile, .engine, .engineCrashed: 6
        case .inputMissing, .inputEmpty, .inputUnreadable, .inputUnsupported, .inputDamaged, .inputTooShort: 3
        case .inputLimit: 4
        case .outputRejected: 5
        case .cancelled: 7
        }
    }
}
