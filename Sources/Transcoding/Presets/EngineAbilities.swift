extension Preset {
    /// What of the preset the engine cannot make, by the names of a document's members; empty when all can.
    public var inabilities: [String] {
        var found: [String] = []
        func require(_ isPossible: Bool, _ what: String) { if !isPossible { found.append(what) } }
        require(container == .mp4, "Container \(container.rawValue)")
        if let video {
            require(video.codec == .h264, "Video.Codec \(video.codec.rawValue)")
            require(!video.hasFixedGOP, "Video.FixedGOP true")
            require(video.bitsPerSecond != nil, "Video.BitRate auto")
            require(video.maxBitsPerSecond == nil, "Video.CodecOptions.MaxBitRate")
        } else {
            require(false, "no Video")
        }
        if let audio {
            require(audio.codec == .aac, "Audio.Codec \(audio.codec.rawValue)")
            require(audio.profile == .lc, "Audio.CodecOptions.Profile \(audio.profile.rawValue)")
            require(audio.sampleRate != nil, "Audio.SampleRate auto")
            require(audio.channelCount != nil, "Audio.Channels auto")
        } else {
            require(false, "no Audio")
        }
        require(engine.speed == .normal, "Engine.Speed \(engine.speed.rawValue)")
        require(engine.rateControl == .average, "Engine.RateControl \(engine.rateControl.rawValue)")
        return found
    }

    /// Refuses what the engine cannot make yet.
    ///
    /// - Throws: `preset.invalid`, naming every member.
    public func checkAbilities() throws(TranscodingError) {
        let inabilities = inabilities
        guard inabilities.isEmpty else {
            throw TranscodingError(
                .presetInvalid,
                "preset \(name) cannot be made yet: \(inabilities.joined(separator: "; ")) is not supported"
            )
        }
    }
}
