/// What the levels of H.264 advise, which a preset may exceed with a warning (ISO/IEC 14496-10 annex A).
enum LevelAdvice {
    /// Macroblocks in the buffer of decoded pictures.
    private static let bufferSizes = [
        "1": 396, "1b": 396, "1.1": 900, "1.2": 2376, "1.3": 2376, "2": 2376, "2.1": 4752, "2.2": 8100,
        "3": 8100, "3.1": 18_000, "3.2": 20_480, "4": 32_768, "4.1": 32_768,
    ]
    /// Kilobits per second in baseline and main profile, and in high profile.
    private static let bitRates = [
        "1": (64, 80), "1b": (128, 160), "1.1": (192, 240), "1.2": (384, 480), "1.3": (768, 960),
        "2": (2000, 2500), "2.1": (4000, 5000), "2.2": (4000, 5000), "3": (10_000, 12_500),
        "3.1": (14_000, 17_500), "3.2": (20_000, 25_000), "4": (20_000, 25_000), "4.1": (50_000, 62_500),
    ]

    /// What a preset's video exceeds; empty when nothing.
    static func warning(_ video: JSONValue?) -> String {
        guard let video, video["Codec"]?.text == "H.264" else { return "" }
        let options = video["CodecOptions"]?.texts ?? [:]
        guard let level = options["Level"] else { return "" }
        var warnings: [String] = []
        if let given = options["MaxReferenceFrames"].flatMap(Int.init), let size = size(of: video),
            let blocks = bufferSizes[level]
        {
            let advised = min(blocks * 256 / max(1, size.width * size.height), 16)
            if given > advised {
                warnings.append(
                    "MaxReferenceFrames is \(given); at level \(level) and \(size.width)x\(size.height), "
                        + "players need not keep more than \(advised)."
                )
            }
        }
        let rate = (options["MaxBitRate"] ?? video["BitRate"]?.text).flatMap(Int.init)
        if let rate, let limits = bitRates[level] {
            let advised = options["Profile"] == "high" ? limits.1 : limits.0
            if rate > advised {
                warnings.append(
                    "The bit rate is \(rate) kbit/s; at level \(level), players need not take more than \(advised)."
                )
            }
        }
        return warnings.joined(separator: " ")
    }

    /// The largest picture.
    private static func size(of video: JSONValue) -> (width: Int, height: Int)? {
        if let resolution = video["Resolution"]?.text, resolution != "auto" {
            let sides = resolution.split(separator: "x").compactMap { Int($0) }
            return sides.count == 2 ? (sides[0], sides[1]) : nil
        }
        func side(_ name: String, _ automatic: Int) -> Int? {
            guard let text = video[name]?.text, text != "auto" else { return automatic }
            return Int(text)
        }
        guard let width = side("MaxWidth", 1920), let height = side("MaxHeight", 1080) else { return nil }
        return (width, height)
    }
}
