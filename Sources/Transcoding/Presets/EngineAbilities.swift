extension Preset {
    /// What of the preset the engine cannot make, by the names of a document's members; empty when all can.
    public var inabilities: [String] {
        var found: [String] = []
        func require(_ isPossible: Bool, _ what: String) { if !isPossible { found.append(what) } }
        if let audio {
            // libavcodec's own encoder makes nothing else of AAC.
            require(
                audio.profile == .lc || audio.profile == .auto,
                "Audio.CodecOptions.Profile \(audio.profile.rawValue)"
            )
        }
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
