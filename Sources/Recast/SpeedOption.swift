internal import ArgumentParser
internal import Transcoding

/// How much work goes into a picture, where that is not what the preset says.
struct SpeedOption: ParsableArguments {
    private static let names = EngineOptions.Speed.allCases.map(\.rawValue)

    @Option(
        help: "The encoder's speed, instead of the preset's: \(names.joined(separator: ", ")).",
        completion: .list(names),
        transform: { text in
            guard let speed = EngineOptions.Speed(rawValue: text) else {
                throw ValidationError("--speed takes \(names.joined(separator: ", ")), not \(text)")
            }
            return speed
        }
    )
    var speed: EngineOptions.Speed?

    /// The presets with this speed, where one was asked for.
    func applied(to presets: [Preset]) -> [Preset] {
        guard let speed else { return presets }
        return presets.map { preset in
            var preset = preset
            preset.engine.speed = speed
            return preset
        }
    }
}
