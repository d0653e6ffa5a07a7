internal import FFmpeg

/// Decodes windows' packets and compares the pictures with those that were encoded.
///
/// One decoder serves all windows: each would leave its memory behind in the heap of the thread it ran on.
struct SampleComparison: ~Copyable {
    private let size: Size
    private var decoder: Decoder
    private var graph: ComparisonGraph
    private var index: Int64 = 0

    private init(size: Size, _ decoder: consuming Decoder, _ graph: consuming ComparisonGraph) {
        self.size = size
        self.decoder = decoder
        self.graph = graph
    }

    /// Opens a comparison of windows of a track whose pictures are all of `size`.
    static func open(_ track: Muxer.Track, size: Size) throws(FFmpegError) -> SampleComparison {
        let decoder = try Decoder.open(track)
        let graph = try ComparisonGraph.open(size: size, threads: 1, measuresPSNR: false)
        return SampleComparison(size: size, decoder, graph)
    }

    /// The mean SSIM over luma and chroma, or `nil` when the pictures are too small to have one.
    ///
    /// - Throws: `output.rejected` when a picture does not come back, or comes back damaged.
    mutating func run(_ window: SampleWindow) throws -> Double? {
        var waiting = window.pictures
        var values: [Double] = []
        for packet in window.packets {
            try compare(decoder.decode(packet), &waiting, &values, window)
        }
        let rest = try decoder.restart()
        try compare(rest.frames, &waiting, &values, window)
        if let lost = waiting.keys.min() {
            throw SampleComparison.rejection("cannot be decoded", lost, window)
        }
        guard rest.errorCount == 0 else {
            let first = window.pictures.keys.min() ?? 0
            throw SampleComparison.rejection("or one near it is damaged", first, window)
        }
        return try SampleComparison.mean(values, count: window.pictures.count)
    }

    private mutating func compare(
        _ frames: [Frame],
        _ waiting: inout [Int64: Frame],
        _ values: inout [Double],
        _ window: SampleWindow
    ) throws {
        for frame in frames {
            guard let pts = frame.pts, let original = waiting.removeValue(forKey: pts) else { continue }
            guard frame.size == size, frame.pixelFormat == .yuv420p else {
                throw SampleComparison.rejection("is \(frame.size) in \(frame.pixelFormat)", pts, window)
            }
            values += try graph.compare(frame, original, index: index).compactMap(SampleComparison.value)
            index += 1
        }
    }

    private static func value(_ compared: Frame) -> Double? { compared.metadata("lavfi.ssim.All") }

    private static func mean(_ values: [Double], count: Int) throws(TranscodingError) -> Double? {
        guard values.count == count else {
            throw TranscodingError(.engine, "only \(values.count) of \(count) pictures were compared")
        }
        let mean = values.reduce(0, +) / Double(count)
        // The filter divides by the number of 8x8 blocks, which is 0 in the chroma of tiny pictures.
        return mean.isFinite ? min(max(mean, 0), 1) : nil
    }

    private static func rejection(_ what: String, _ pts: Int64, _ window: SampleWindow) -> TranscodingError {
        let seconds = Timestamp(ticks: pts, timebase: window.track.timebase).seconds
        let place = Double(Int((min(max(seconds, 0), 1e9) * 100).rounded())) / 100
        return TranscodingError(.outputRejected, "the output's picture at \(place) s \(what)")
    }
}
