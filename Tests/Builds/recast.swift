internal import ArgumentParser
internal import Transcoding

/// The commands of `recast` that work on files, which a sanitizer watches without building the service.
struct Recast: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recast",
        version: EngineVersion.current,
        subcommands: [
            TranscodeCommand.self, PresetsCommand.self, ProbeCommand.self, VerifyCommand.self,
            CompareCommand.self,
        ]
    )
}
