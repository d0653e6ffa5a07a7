internal import CFFmpeg

/// A chain of libavfilter's video filters with one input and one output.
///
/// The chain is built call by call; no text from outside ever becomes part of a filter string.
public struct FilterGraph: ~Copyable {
    /// One filter and its options, `name=value` joined by colons.
    public struct Filter: Sendable, Hashable {
        let name: String
        let options: String?

        /// Names a filter of libavfilter and its options, none of which may come from outside.
        public init(_ name: String, _ options: String? = nil) {
            self.name = name
            self.options = options
        }
    }

    private let graph: UnsafeMutablePointer<AVFilterGraph>
    private let source: UnsafeMutablePointer<AVFilterContext>
    private let sink: UnsafeMutablePointer<AVFilterContext>
    /// Of the pictures that come out.
    private let timebase: Timebase
    /// Of the picture pushed last, in the timebase of those that go in.
    private var lastPTS: Int64?

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
    ///
    /// What comes out is in `format`, and its pts count in `outputTimebase`, or in `timebase` without one.
    public static func open(
        like frame: Frame,
        timebase: Timebase,
        filters: [Filter],
        format: PixelFormat = .yuv420p,
        outputTimebase: Timebase? = nil,
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
            for filter in filters + [Filter("format", "pix_fmts=\(format)")] {
                let next = try add(filter, to: graph)
                try check(avfilter_link(last, 0, next, 0), "link filter \(filter.name)")
                last = next
            }
            let sink = try add(Filter("buffersink"), to: graph)
            try check(avfilter_link(last, 0, sink, 0), "link the filter sink")
            try check(avfilter_graph_config(graph, nil), "configure the filters")
            return FilterGraph(owning: graph, first, sink, outputTimebase ?? timebase)
        } catch {
            var graph: UnsafeMutablePointer<AVFilterGraph>? = graph
            avfilter_graph_free(&graph)
            throw error
        }
    }

    static func add(
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

    /// Pushes a picture and returns those that came out.
    public mutating func filter(_ frame: Frame) throws(FFmpegError) -> [Frame] {
        try push(frame)
        var frames: [Frame] = []
        while let next = try pull() { frames.append(next) }
        return frames
    }

    /// Pushes a picture and hands on those that come out one by one, however many they are.
    public mutating func filter(_ frame: Frame, each take: (Frame) throws -> Void) throws {
        try push(frame)
        while let next = try pull() { try take(next) }
    }

    /// Returns the pictures still held back, and closes the chain.
    public consuming func finish() throws(FFmpegError) -> [Frame] {
        try close(nil)
        var frames: [Frame] = []
        while let next = try pull() { frames.append(next) }
        return frames
    }

    /// Hands on the pictures still held back one by one, and closes the chain.
    ///
    /// The last picture ends at `end`, in ticks of those that went in, or right after it began.
    public consuming func finish(end: Int64?, each take: (Frame) throws -> Void) throws {
        try close(end)
        while let next = try pull() { try take(next) }
    }

    /// Says when the last picture ends, too; filters of a constant rate would drop it otherwise.
    private func close(_ end: Int64?) throws(FFmpegError) {
        let least = lastPTS.map { $0 &+ 1 }
        let time = least.map { max($0, end ?? $0) } ?? recast_no_pts
        try check(av_buffersrc_close(source, time, 0), "finish the filters")
    }

    private mutating func push(_ frame: Frame) throws(FFmpegError) {
        let reference = try frame.reference()
        reference.pointer.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
        try check(av_buffersrc_add_frame(source, reference.pointer), "filter a picture")
        lastPTS = frame.pts ?? lastPTS
    }

    private func pull() throws(FFmpegError) -> Frame? {
        let frame = try Frame()
        let status = av_buffersink_get_frame(sink, frame.pointer)
        if status == recast_error_again || status == recast_error_eof { return nil }
        try check(status, "filter a picture")
        let base = av_buffersink_get_time_base(sink)
        frame.pointer.pointee.pts = av_rescale_q(frame.pointer.pointee.pts, base, timebase.av)
        for kind in FilterGraph.stale { av_frame_remove_side_data(frame.pointer, kind) }
        return frame
    }

    /// What described the picture before it was turned and its colours were changed.
    private static let stale = [
        AV_FRAME_DATA_DISPLAYMATRIX, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA,
        AV_FRAME_DATA_CONTENT_LIGHT_LEVEL, AV_FRAME_DATA_DYNAMIC_HDR_PLUS, AV_FRAME_DATA_DOVI_RPU_BUFFER,
        AV_FRAME_DATA_DOVI_METADATA, AV_FRAME_DATA_ICC_PROFILE,
    ]
}
