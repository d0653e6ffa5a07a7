internal import CFFmpeg

/// Gives pictures that follow each other one palette of 256 colours, the best for all of them.
///
/// libavfilter's `palettegen` has to see every picture before `paletteuse` can begin, so all of them are in
/// memory at once, as four bytes a pixel.
public enum Palettizer {
    /// Bytes that `count` pictures of `size` need.
    public static func byteCount(_ size: Size, count: Int) -> Int {
        let (bytes, overflow) = size.pixelCount.multipliedReportingOverflow(by: 6 * max(count, 1))
        return overflow ? .max : bytes
    }

    /// The same pictures as indexes into their palette, with the pts they had.
    ///
    /// - Throws: when `pictures` differ in size or format, or memory runs out.
    public static func convert(
        _ pictures: [(frame: Frame, pts: Int64)],
        timebase: Timebase,
        threads: Int
    ) throws(FFmpegError) -> [Frame] {
        guard let first = pictures.first?.frame else { return [] }
        var graph: UnsafeMutablePointer<AVFilterGraph>? = avfilter_graph_alloc()
        let chain = try allocated(graph, "create a filter graph")
        defer { avfilter_graph_free(&graph) }
        chain.pointee.nb_threads = Int32(clamping: threads)
        let (source, sink) = try build(chain, like: first, timebase: timebase)
        for picture in pictures {
            let reference = try picture.frame.with(pts: picture.pts)
            reference.pointer.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
            try check(av_buffersrc_add_frame(source, reference.pointer), "choose colours")
        }
        try check(av_buffersrc_add_frame(source, nil), "choose colours")
        var converted: [Frame] = []
        while true {
            let frame = try Frame()
            let status = av_buffersink_get_frame(sink, frame.pointer)
            if status == recast_error_again || status == recast_error_eof { return converted }
            try check(status, "choose colours")
            frame.pointer.pointee.pts = av_rescale_q(
                frame.pointer.pointee.pts,
                av_buffersink_get_time_base(sink),
                timebase.av
            )
            converted.append(frame)
        }
    }

    /// The pictures go both to where the palette is made and to where it is used.
    private static func build(
        _ graph: UnsafeMutablePointer<AVFilterGraph>,
        like frame: Frame,
        timebase: Timebase
    ) throws(FFmpegError) -> (
        source: UnsafeMutablePointer<AVFilterContext>, sink: UnsafeMutablePointer<AVFilterContext>
    ) {
        let options =
            "video_size=\(frame.size):pix_fmt=\(frame.pixelFormat.raw.rawValue)"
            + ":time_base=\(timebase):pixel_aspect=1/1"
        let source = try FilterGraph.add(.init("buffer", options), to: graph)
        let colors = try FilterGraph.add(.init("format", "pix_fmts=bgra"), to: graph)
        let split = try FilterGraph.add(.init("split"), to: graph)
        let palette = try FilterGraph.add(.init("palettegen"), to: graph)
        let use = try FilterGraph.add(
            .init("paletteuse", "dither=bayer:bayer_scale=3:diff_mode=rectangle"),
            to: graph
        )
        let sink = try FilterGraph.add(.init("buffersink"), to: graph)
        try check(avfilter_link(source, 0, colors, 0), "link the filters")
        try check(avfilter_link(colors, 0, split, 0), "link the filters")
        try check(avfilter_link(split, 0, use, 0), "link the filters")
        try check(avfilter_link(split, 1, palette, 0), "link the filters")
        try check(avfilter_link(palette, 0, use, 1), "link the filters")
        try check(avfilter_link(use, 0, sink, 0), "link the filters")
        try check(avfilter_graph_config(graph, nil), "configure the filters")
        return (source, sink)
    }
}
