internal import Foundation

/// How large the index of an MP4 file, its `moov` box, can become.
///
/// Whoever writes a file from front to back leaves that much room for it before the first picture.
public struct MoovReserve: Sendable {
    /// An upper bound of the box in bytes, with 8 for the header of the `free` box behind it.
    public let byteCount: Int

    /// Bytes in front of the media besides the reserve: `ftyp`, and `mdat`'s header in its long form, rounded up.
    static let frameBytes = 64

    /// Bytes that stay in memory until the end.
    public var headByteCount: Int { byteCount + MoovReserve.frameBytes }

    /// What the boxes around the tables take: headers, decoder settings, names.
    private static let fixedBytes = 4096.0
    /// A picture's entries in stsz (4), stts (8), ctts (8), stss (4) and sdtp (1), ISO/IEC 14496-12 §8.6, §8.7.
    private static let bytesPerPicture = 25.0
    /// A block of sound's entry in stsz; the blocks are equally long, so stts has only a few.
    private static let bytesPerBlock = 4.0
    /// A chunk's entries in stsc (12) and co64 (8).
    private static let bytesPerChunk = 20.0
    /// Seconds that an input may last longer than it says, and its share.
    private static let slackSeconds = 10.0
    private static let slackShare = 1.02

    /// The bound for `duration` seconds of pictures, and of AAC unless `sampleRate` is `nil`.
    ///
    /// `nil` for a length nobody stated or over a day, which no limit allows. A chunk holds neighbouring
    /// packets of one stream; so there are at most as many chunks of pictures as pictures, and at most one
    /// more chunk of sound than of pictures.
    public init?(duration: Double?, frameRate: Double, sampleRate: Int?) {
        guard let duration, duration > 0, duration <= 86_400, frameRate > 0, frameRate <= 1000 else {
            return nil
        }
        let seconds = duration * MoovReserve.slackShare + MoovReserve.slackSeconds
        let pictures = (seconds * frameRate).rounded(.up)
        // An AAC block holds 1024 samples.
        let blocks = (seconds * Double(min(max(sampleRate ?? 0, 0), 384_000)) / 1024).rounded(.up)
        let chunks = pictures + min(blocks, pictures + 1)
        let bytes =
            MoovReserve.fixedBytes + pictures * MoovReserve.bytesPerPicture
            + blocks * MoovReserve.bytesPerBlock + chunks * MoovReserve.bytesPerChunk
        guard bytes < Double(Int32.max) else { return nil }
        byteCount = Int(bytes)
    }
}
