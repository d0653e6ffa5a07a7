internal import CFFmpeg

/// A chain of libavfilter's video filters with one input and one output.
///
/// The chain is built call by call; no text from outside ever becomes part of a filter string.
public struct FilterGraph: ~Copyable {
    /// One filter and its options, `name=value` joined by colons.
    public struct Filter: Sendable, Hashable {
        let name: String
        let options: String?

        public init(_ name: String, _ options: String? = nil) {
            self.name = name
            self.options = options
        }
    }

    private let graph: UnsafeMutablePointer<AVFilterGraph>
    private let source: UnsafeMutablePointer<AVFilterContext>
    private let sink: UnsafeMutablePointer<AVFilterContext>
    private let timebase: Timebase

    deinit {
        var graph: UnsafeMutablePointer<AVFilterGraph>? = graph
        avfilter_graph_free(&graph)
    }

    private init(
        owning graph: UnsafeMutablePointer<AVFilterGraph>,
        _ source: UnsafeMutablePointer<AVFilterContext>,
        _ sink: UnsafeMutablePointer<AVFilterContext>,
        _ timebase: Timebase
    ) {
        self.graph = graph
        self.source = source
        self.sink = sink
        self.timebase = timebase
    }

    /// Opens a chain for pictures like `frame`, whose pts count in `timebase`.
    public static func open(
        like frame: Frame,
        timebase: Timebase,
        filters: [Filter],
        threads: Int
    ) throws(FFmpegError) -> FilterGraph {
        let graph = try allocated(avfilter_graph_alloc(), "create a filter graph")
        graph.pointee.nb_threads = Int32(threads)
        do throws(FFmpegError) {
            let source =
                "video_size=\(frame.size):pix_fmt=\(frame.pixelFormat.raw.rawValue)"
                + ":time_base=\(timebase):pixel_aspect=1/1"
            let first = try add(Filter("buffer", source), to: graph)
            var last = first
            for filter in filters + [Filter("format", "pix_fmts=yuv420p")] {
                let next = try add(filter, to: graph)
                try check(avfilter_link(last, 0, next, 0), "link filter \(filter.name)")
                last = next
            }
            let sink = try add(Filter("buffersink"), to: graph)
            try check(avfilter_link(last, 0, sink, 0), "link the filter sink")
            try check(avfilter_graph_config(graph, nil), "configure the filters")
            return FilterGraph(owning: graph, first, sink, timebase)
        } catch {
            var graph: UnsafeMutablePointer<AVFilterGraph>? = graph
            avfilter_graph_free(&graph)
            throw error
        }
    }

    private static func add(
        _ filter: Filter,
        to graph: UnsafeMutablePointer<AVFilterGraph>
    ) throws(FFmpegError) -> UnsafeMutablePointer<AVFilterContext> {
        let definition = try allocated(avfilter_get_by_name(filter.name), "find filter \(filter.name)")
        var context: UnsafeMutablePointer<AVFilterContext>?
        try check(
            avfilter_graph_create_filter(&context, definition, nil, filter.options, nil, graph),
            "create filter \(filter.name)"
        )
        return try allocated(context, "create filter \(filter.name)")
    }

    /// Pushes a picture and returns those that came out, their pts in the same timebase.
    public mutating func filter(_ frame: Frame) throws(FFmpegError) -> [Frame] {
        let reference = try frame.reference()
        reference.pointer.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
        try check(av_buffersrc_add_frame(source, reference.pointer), "filter a picture")
        return try drain()
    }

    /// Returns the pictures still held back, and closes the chain.
    public consuming func finish() throws(FFmpegError) -> [Frame] {
        try check(av_buffersrc_add_frame(source, nil), "finish the filters")
        return try drain()
    }

    private func drain() throws(FFmpegError) -> [Frame] {
        var frames: [Frame] = []
        while true {
            let frame = try Frame()
            let status = av_buffersink_get_frame(sink, frame.pointer)
            if status == recast_error_again || status == recast_error_eof { return frames }
            try check(status, "filter a picture")
            let base = av_buffersink_get_time_base(sink)
            frame.pointer.pointee.pts = av_rescale_q(frame.pointer.pointee.pts, base, timebase.av)
            frames.append(frame)
        }
    }
}
