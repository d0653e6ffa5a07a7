internal import FFmpeg

extension VideoEncoderChoice {
    /// Lets what is encoded be joined with other ranges of the same pictures.
    ///
    /// All ranges share one set of headers. Where a rate is aimed at, `RateSteering` begins at `quality` and
    /// steers: x264's own control would have to find out in each range anew what the pictures need.
    mutating func makePart(quality: Double?) {
        guard name == "libx264" else { return }
        add("stitchable=1")
        guard let quality else { return }
        options["b"] = nil
        options["crf"] = "\(quality)"
    }
}

/// Whether what is to be made can be made in ranges, as a pure rule.
enum SegmentRules {
    /// Seconds that a range lasts at least; shorter ones lose quality.
    static let leastSeconds = 10.0
    /// Seconds that a range lasts where nobody says how many there are to be.
    private static let usualSeconds = 12.0
    /// Ranges that have to be made side by side to be faster than one encoder with all cores: each of them has
    /// one thread, while one encoder keeps about seven cores busy.
    private static let leastSideBySide = 8
    /// Seconds from which on something is kept in ranges.
    private static let leastTotal = 40.0

    /// The ranges of usual length, where what is finished is to be kept; 1 for short inputs.
    static func usual(seconds: Double?) -> Int {
        guard let seconds, seconds >= leastTotal, seconds < 1e6 else { return 1 }
        return Int(seconds / usualSeconds)
    }

    /// The ranges that are worth it without having been asked for; 1 where none are.
    ///
    /// The workers all have equally many.
    static func automatic(seconds: Double?, workers: Int) -> Int {
        let count = usual(seconds: seconds)
        guard workers >= leastSideBySide, count >= leastSideBySide else { return 1 }
        return count > workers ? count - count % workers : count
    }

    /// The workers that `memory` bytes are enough for, at most one a core.
    ///
    /// Each holds some twenty pictures of the input in its decoder and ninety of the output in its encoder:
    /// one took 262 MB for 1080p to 720p, two 461.
    static func workers(cores: Int, input: Size, output: Size, memory: Int64) -> Int {
        let pixels = 20 * Double(input.pixelCount) + 90 * Double(output.pixelCount)
        let most = Double(memory) * 0.75 / max(pixels * 1.5, 1)
        return max(1, min(cores, Int(min(most, 1_000))))
    }

    /// Whether a range is encoded beside its decoding: where cores would be idle until the end otherwise.
    ///
    /// `following` ranges are begun after it.
    static func overlaps(cores: Int, workers: Int, following: Int) -> Bool {
        cores > max(1, min(workers, following))
    }

    /// Why a request cannot be made in ranges; `nil` where it can.
    static func problem(_ request: TranscodeRequest) -> String? {
        guard request.renditions.count == 1 else { return "several renditions share a decode" }
        guard let video = request.preset.video else { return "there are no pictures" }
        guard request.clips.count == 1, let clip = request.clips.first else {
            return "several inputs are joined"
        }
        guard clip.start <= 0, clip.duration == nil else { return "only a part of the input is wanted" }
        guard case .file = clip.input else { return "the input is no file" }
        guard request.output.isReadable else { return "the output cannot be begun again" }
        guard video.codec == .h264 else { return "only H.264 is made in ranges" }
        guard !video.isInterlaced else { return "fields need their neighbours" }
        guard !video.hasFixedGOP else { return "keyframes are to come at fixed distances" }
        guard video.maxBitsPerSecond == nil, video.bufferBits == nil else {
            return "the preset bounds the rate at every moment"
        }
        return nil
    }
}
