internal import FFmpeg

/// The stages that the sound of a request's inputs goes through on its way to the muxers.
///
/// It is decoded once; each track of it is converted and encoded once, for however many outputs. Only the
/// thread that reads the inputs uses it.
final class SoundPath {
    private let tracks: [AudioStage]
    private let failure: FirstFailure
    private var packets: Stage<PacketMessage>?
    /// Seconds for which sound was worked on.
    private(set) var busySeconds = 0.0

    /// Makes `tracks`, of which there is one at least, of the same sound.
    init(_ tracks: [AudioStage], failure: FirstFailure) {
        precondition(!tracks.isEmpty, "a path for sound leads somewhere")
        self.tracks = tracks
        self.failure = failure
    }

    /// Seconds of the output's sound so far; those of other tracks differ by less than a sample.
    var endSeconds: Double { tracks[0].endSeconds }

    /// Whether it is known what the outputs' sound is made of.
    var isOpen: Bool { tracks[0].isOpen }

    var tally: AudioStage.Tally { tracks[0].tally }

    /// Goes on with another input's sound, and returns where its packets go.
    ///
    /// With `isCut` the input's end is yet to be found, and what exceeds it will be taken back.
    func begin(_ place: SoundSource.Place, isCut: Bool) throws -> Stage<PacketMessage> {
        let decoder = try SoundDecoder(place)
        for track in tracks { track.begin(place, isCut: isCut) }
        let packets = Stage<PacketMessage>("audio", slots: 64, failure: failure) { [tracks] message in
            let sound = try decoder.decode(message)
            for track in tracks { try track.accept(sound) }
        }
        self.packets = packets
        return packets
    }

    /// Waits until an input's sound is worked through.
    func drain() {
        guard let packets else { return }
        packets.send(.end)
        packets.drain()
        busySeconds += packets.handlingSeconds
        self.packets = nil
    }

    /// Goes on without sound: an output that is to have some later has silence until then.
    func beginSilence(like format: AudioFormat) throws {
        for track in tracks { try track.beginSilence(like: format) }
    }

    /// Begins with silence where the sound of an input is late, so that the muxer need not wait for it.
    func openLate(like format: AudioFormat) throws {
        for track in tracks { try track.openLate(like: format) }
    }

    /// Has silence where there is no sound, up to `seconds` of the output.
    func advance(to seconds: Double) throws {
        for track in tracks { try track.advance(to: seconds) }
    }

    /// Closes an input, which ends `end` seconds after the output's start.
    func close(at end: Double, like format: AudioFormat) throws {
        for track in tracks { try track.close(at: end, like: format) }
    }

    /// Encodes what is left.
    func finish() throws {
        for track in tracks { try track.finish() }
    }
}
