internal import ArgumentParser
internal import Transcoding

/// The command line.
struct Recast: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recast",
        abstract: "Turns phone and browser videos into web-playable renditions.",
        version: EngineVersion.current,
        subcommands: [
            TranscodeCommand.self, PresetsCommand.self, ProbeCommand.self, VerifyCommand.self,
            CompareCommand.self,
            BenchCommand.self, ServeCommand.self, WorkCommand.self,
            InitCommand.self, RecordsCommand.self, RedriveCommand.self, ConfigCommand.self, UserCommand.self,
            KeyCommand.self, SDKModelCommand.self, ManualCommand.self,
        ]
    )
}
