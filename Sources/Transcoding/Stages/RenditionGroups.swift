/// Which renditions of a request can be made from one decode, as a pure rule.
///
/// Each is to be what it would be if it were made alone. Where an output begins, and how long a part or a joined
/// input lasts in it, depends on whether its sound, its pictures or both count; only where that makes no difference
/// do renditions of different streams share a decode.
struct RenditionGroups: Equatable {
    /// Places in the request's list; each in one group, and every group with one at least.
    let groups: [[Int]]

    /// What of a preset decides which part of an input is used.
    private struct Key: Equatable {
        let hasVideo: Bool
        let hasAudio: Bool
        /// Where inputs are joined, the sound's rate decides to the sample where one ends.
        let audio: Preset.Audio?

        init(_ preset: Preset, isJoined: Bool) {
            hasVideo = preset.video != nil
            hasAudio = preset.audio != nil
            audio = isJoined ? preset.audio : nil
        }
    }

    /// Groups renditions of inputs that are used whole or in part, or joined.
    ///
    /// `origin` returns where an input starts for those who want these streams of it.
    init(
        _ presets: [Preset],
        isWhole: Bool,
        isJoined: Bool,
        origin: (_ hasVideo: Bool, _ hasAudio: Bool) -> Double
    ) {
        let keys = presets.map { Key($0, isJoined: isJoined) }
        let starts = Set(keys.map { origin($0.hasVideo, $0.hasAudio) })
        if isWhole, !isJoined, starts.count < 2 {
            groups = [Array(presets.indices)]
            return
        }
        var found: [(key: Key, places: [Int])] = []
        for (place, key) in keys.enumerated() {
            if let index = found.firstIndex(where: { $0.key == key }) {
                found[index].places.append(place)
            } else {
                found.append((key, [place]))
            }
        }
        groups = found.map(\.places)
    }
}
