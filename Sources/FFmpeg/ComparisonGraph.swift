internal import CFFmpeg

/// libavfilter's `ssim`, and `psnr` on request, over pairs of yuv420p pictures of one size.
///
/// What comes out is the output's picture, with `lavfi.ssim.All`, `lavfi.ssim.Y`, `lavfi.psnr.mse.y` and
/// their like in its metadata.
public struct ComparisonGraph: ~Copyable {
    private let graph: UnsafeMutablePointer<AVFilterGraph>
    private let output: UnsafeMutablePointer<AVFilterContext>
    private let original: UnsafeMutablePointer<AVFilterContext>
    private let sink: UnsafeMutablePointer<AVFilterContext>

    deinit {
        var graph: UnsafeMutablePointer<AVFilterGraph>? = graph
        avfilter_graph_free(&graph)
    }

    private init(
        owning graph: UnsafeMutablePointer<AVFilterGraph>,
        _ output: UnsafeMutablePointer<AVFilterContext>,
        _ original: UnsafeMutablePointer<AVFilterContext>,
        _ sink: UnsafeMutablePointer<AVFilterContext>
    ) {
        self.graph = graph
        self.output = output
        self.original = original
        self.sink = sink
    }

    /// Opens a comparison of yuv420p pictures of `size`.
    public static func open(
        size: Size,
        threads: Int,
        measuresPSNR: Bool = true
    ) throws(FFmpegError) -> ComparisonGraph {
        let graph = try allocated(avfilter_graph_alloc(), "create a comparison")
        graph.pointee.nb_threads = Int32(threads)
        do throws(FFmpegError) {
            let source =
                "video_size=\(size):pix_fmt=\(PixelFormat.yuv420p.raw.rawValue)"
                + ":time_base=1/1000000:pixel_aspect=1/1"
            let output = try add("buffer", source, to: graph)
            let original = try add("buffer", source, to: graph)
            let filters = measuresPSNR ? ["ssim", "psnr"] : ["ssim"]
            let split = try add("split", "outputs=\(filters.count)", to: graph)
            try check(avfilter_link(original, 0, split, 0), "link the original")
            // Each filter passes its first input on, so the next one picks up where it left off.
            var last = output
            for (index, name) in filters.enumerated() {
                let filter = try add(name, nil, to: graph)
                try check(avfilter_link(last, 0, filter, 0), "link the output to \(name)")
                try check(avfilter_link(split, UInt32(index), filter, 1), "link the original to \(name)")
                last = filter
            }
            let sink = try add("buffersink", nil, to: graph)
            try check(avfilter_link(last, 0, sink, 0), "link the comparison's sink")
            try check(avfilter_graph_config(graph, nil), "configure the comparison")
            return ComparisonGraph(owning: graph, output, original, sink)
        } catch {
            var graph: UnsafeMutablePointer<AVFilterGraph>? = graph
            avfilter_graph_free(&graph)
            throw error
        }
    }

    /// Whether this build of libavfilter can measure VMAF.
    public static var hasVMAF: Bool { avfilter_get_by_name("libvmaf") != nil }

    private static func add(
        _ name: String,
        _ options: String?,
        to graph: UnsafeMutablePointer<AVFilterGraph>
    ) throws(FFmpegError) -> UnsafeMutablePointer<AVFilterContext> {
        let definition = try allocated(avfilter_get_by_name(name), "find filter \(name)")
        var context: UnsafeMutablePointer<AVFilterContext>?
        try check(
            avfilter_graph_create_filter(&context, definition, nil, options, nil, graph),
            "create filter \(name)"
        )
        return try allocated(context, "create filter \(name)")
    }

    /// Pushes a pair of pictures and returns those that were compared; `index` rises from pair to pair.
    public mutating func compare(
        _ output: Frame,
        _ original: Frame,
        index: Int64
    ) throws(FFmpegError) -> [Frame] {
        try push(output, to: self.output, index)
        try push(original, to: self.original, index)
        return try drain()
    }

    /// Returns the pictures still held back, and closes the comparison.
    public consuming func finish() throws(FFmpegError) -> [Frame] {
        try check(av_buffersrc_add_frame(output, nil), "finish the comparison")
        try check(av_buffersrc_add_frame(original, nil), "finish the comparison")
        return try drain()
    }

    private func push(
        _ frame: Frame,
        to source: UnsafeMutablePointer<AVFilterContext>,
        _ index: Int64
    ) throws(FFmpegError) {
        let reference = try frame.with(pts: index)
        reference.pointer.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
        try check(av_buffersrc_add_frame(source, reference.pointer), "compare a picture")
    }

    private func drain() throws(FFmpegError) -> [Frame] {
        var frames: [Frame] = []
        while true {
            let frame = try Frame()
            let status = av_buffersink_get_frame(sink, frame.pointer)
            if status == recast_error_again || status == recast_error_eof { return frames }
            try check(status, "compare a picture")
            frames.append(frame)
        }
    }
}
