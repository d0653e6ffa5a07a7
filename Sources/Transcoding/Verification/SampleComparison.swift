internal import FFmpeg

/// Decodes a window's packets and compares the pictures with those that were encoded.
enum SampleComparison {
    /// The mean SSIM over luma and chroma, or `nil` when the pictures are too small to have one.
    ///
    /// - Throws: `output.rejected` when a picture does not come back, or comes back damaged.
    static func run(_ window: SampleWindow) throws -> Double? {
        guard let size = window.pictures.values.first?.size else { return nil }
        var decoder = try Decoder.open(window.track)
        var graph = try ComparisonGraph.open(size: size, threads: 1, measuresPSNR: false)
        var waiting = window.pictures
        var values: [Double] = []
        var index: Int64 = 0

        func compare(_ frames: [Frame], _ graph: inout ComparisonGraph) throws {
            for frame in frames {
                guard let pts = frame.pts, let original = waiting.removeValue(forKey: pts) else { continue }
                guard frame.size == size, frame.pixelFormat == .yuv420p else {
                    throw rejection("is \(frame.size) in \(frame.pixelFormat)", pts, window)
                }
                values += try graph.compare(frame, original, index: index).compactMap(value)
                index += 1
            }
        }

        for packet in window.packets { try compare(decoder.decode(packet), &graph) }
        let rest = try decoder.finish()
        try compare(rest.frames, &graph)
        values += try graph.finish().compactMap(value)
        if let lost = waiting.keys.min() { throw rejection("cannot be decoded", lost, window) }
        guard rest.errorCount == 0 else {
            throw rejection("or one near it is damaged", window.pictures.keys.min() ?? 0, window)
        }
        return try mean(values, count: window.pictures.count)
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
