internal import FFmpeg

/// Compares sampled pictures with what a decoder of the output makes of them.
///
/// The output is decoded without its loop filter, and without pictures that no other needs, except for as long as
/// there are pictures to compare.
struct SampleComparison: ~Copyable {
    private let samples: PictureSamples
    private let timebase: Timebase
    private var graph: ComparisonGraph?
    private var index: Int64 = 0
    /// The keyframe from which on pictures are what any decoder makes of them; `nil` while they are not.
    private var exactFrom: Int64?
    private(set) var quality = SampledQuality()

    init(_ samples: PictureSamples, timebase: Timebase) {
        self.samples = samples
        self.timebase = timebase
    }

    /// Says whether a packet, which comes next, can do without the loop filter, or without being decoded where no
    /// other needs it.
    mutating func canBeQuick(_ packet: Packet) -> Bool {
        if !samples.isAwaiting {
            exactFrom = nil
        } else if packet.isKeyframe, exactFrom == nil {
            exactFrom = packet.pts
        }
        return exactFrom == nil
    }

    /// Takes a decoded picture, later than those before it.
    ///
    /// - Throws: `output.rejected` when it is not what was sampled at its time.
    mutating func take(_ frame: Frame) throws {
        guard let pts = frame.pts, let (original, seconds) = samples.take(pts), let exactFrom,
            pts >= exactFrom
        else { return }
        guard frame.size == original.size, frame.pixelFormat == original.pixelFormat else {
            throw rejection(frame, pts)
        }
        if graph == nil {
            graph = try ComparisonGraph.open(size: frame.size, threads: 1, measuresPSNR: false)
        }
        for compared in try graph?.compare(frame, original, index: index) ?? [] {
            // The filter divides by the number of 8x8 blocks, which is 0 in the chroma of tiny pictures.
            guard let ssim = compared.metadata("lavfi.ssim.All"), ssim.isFinite else { continue }
            quality.add(min(max(ssim, 0), 1), at: seconds)
        }
        index += 1
    }

    private func rejection(_ frame: Frame, _ pts: Int64) -> TranscodingError {
        let seconds = Timestamp(ticks: pts, timebase: timebase).seconds
        let place = Double(Int((min(max(seconds, 0), 1e9) * 100).rounded())) / 100
        let what = "is \(frame.size) in \(frame.pixelFormat)"
        return TranscodingError(.outputRejected, "the output's picture at \(place) s \(what)")
    }
}
