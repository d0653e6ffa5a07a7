internal import FFmpeg

/// What was decoded of one packet of sound, or at the end of what the decoder held.
struct DecodedSound: Sendable {
    /// Read by every track that is made of them.
    let frames: [Frame]
    /// The decoder's errors so far.
    let errorCount: Int
    /// Whether nothing follows.
    let isLast: Bool
}

/// Decodes one input's sound.
final class SoundDecoder: Sendable {
    private let decoder: Lock<Decoder?>

    init(_ place: SoundSource.Place) throws(FFmpegError) {
        decoder = Lock(try Decoder.open(place.stream, limits: place.limits, threads: 1))
    }

    func decode(_ message: PacketMessage) throws -> DecodedSound {
        try decoder.withLock { decoder in
            switch message {
            case .packet(let packet):
                let frames = try decoder?.decode(packet) ?? []
                return DecodedSound(frames: frames, errorCount: decoder?.errorCount ?? 0, isLast: false)
            case .end:
                guard let decoder = decoder.take() else {
                    return DecodedSound(frames: [], errorCount: 0, isLast: true)
                }
                let rest = try decoder.finish()
                return DecodedSound(frames: rest.frames, errorCount: rest.errorCount, isLast: true)
            }
        }
    }
}
