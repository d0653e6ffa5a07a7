import Foundation
import TestMedia

@testable import Recast

/// A configuration's surroundings, in a folder of their own.
struct ConfigurationFixture {
    let workspace: Workspace
    var environment: [String: String] = [:]
    var coreCount = 2
    var isTerminal = false

    init() throws { workspace = try Workspace() }

    /// Writes a file of settings; `recast.yaml` is found by itself.
    @discardableResult
    func write(_ text: String, as name: String = "recast.yaml") throws -> String {
        try Data(text.utf8).write(to: workspace.url(name))
        return workspace.path(name)
    }

    func load(_ flags: [String: String] = [:]) throws(ConfigurationError) -> Configuration {
        try Configuration.load(
            flags: flags,
            surroundings: ConfigurationSurroundings(
                environment: environment,
                workingFolder: workspace.folder.path,
                coreCount: coreCount,
                isTerminal: isTerminal
            )
        )
    }

    /// What is wrong with the settings; none when they can be loaded.
    func problems(_ flags: [String: String] = [:]) -> [SettingProblem] {
        do {
            _ = try load(flags)
            return []
        } catch {
            return error.problems
        }
    }
}
