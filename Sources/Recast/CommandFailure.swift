internal import FFmpeg
internal import Transcoding

/// A command has said what went wrong; only the status is left to return.
struct CommandFailure: Error {
    let status: Int32
}

/// The limits of commands on local files, which the variables `RECAST_LIMIT_…` set.
enum CommandLimits {
    static func read() throws -> IngestLimits {
        do {
            return try Configuration.limits()
        } catch {
            error.print()
            throw CommandFailure(status: ExitStatus.usage)
        }
    }
}

/// The presets of commands on local files, among them those in the folder that `RECAST_PRESETS` names.
enum CommandPresets {
    static func library() throws -> PresetLibrary {
        do {
            return PresetLibrary.standard(folder: try Configuration.presetsFolder())
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
