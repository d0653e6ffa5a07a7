internal import CFFmpeg

/// Cuts a stream of samples into blocks of another length.
public struct SampleFIFO: ~Copyable {
    private let fifo: OpaquePointer
    /// What it holds.
    public let format: AudioFormat

    private init(owning fifo: OpaquePointer, _ format: AudioFormat) {
        self.fifo = fifo
        self.format = format
    }

    deinit { av_audio_fifo_free(fifo) }

    /// Opens an empty queue.
    public static func open(_ format: AudioFormat) throws(FFmpegError) -> SampleFIFO {
        let fifo = av_audio_fifo_alloc(format.sampleFormat.raw, Int32(format.channelCount), 4096)
        return SampleFIFO(owning: try allocated(fifo, "buffer the sound"), format)
    }

    /// Samples waiting to be taken.
    public var count: Int { Int(av_audio_fifo_size(fifo)) }

    /// Appends a block of the same format, leaving out its first `skipped` samples.
    public mutating func append(_ frame: Frame, skipping skipped: Int = 0) throws(FFmpegError) {
        let count = frame.sampleCount - skipped
        guard count > 0 else { return }
        let planar = av_sample_fmt_is_planar(format.sampleFormat.raw) != 0
        let bytes = Int(av_get_bytes_per_sample(format.sampleFormat.raw))
        let offset = skipped * bytes * (planar ? 1 : format.channelCount)
        var planes = (0..<(planar ? format.channelCount : 1)).map { index in
            frame.pointer.pointee.extended_data[index].map { UnsafeMutableRawPointer($0 + offset) }
        }
        try check(av_audio_fifo_write(fifo, &planes, Int32(count)), "buffer the sound")
    }

    /// Takes a block of `count` samples, fewer when no more are there; `nil` when there are none.
    public mutating func take(_ count: Int) throws(FFmpegError) -> Frame? {
        let count = min(count, self.count)
        guard count > 0 else { return nil }
        let frame = try Frame.sound(format, count: count)
        let planes = av_sample_fmt_is_planar(format.sampleFormat.raw) != 0 ? format.channelCount : 1
        _ = try frame.pointer.pointee.extended_data.withMemoryRebound(
            to: UnsafeMutableRawPointer?.self,
            capacity: planes
        ) { data throws(FFmpegError) in
            try check(av_audio_fifo_read(fifo, data, Int32(count)), "buffer the sound")
        }
        return frame
    }
}
