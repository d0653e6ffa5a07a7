internal import CFFmpeg

/// What the processor can do.
public enum ProcessorFeatures {
    /// Whether it has AVX-512, as far as libavutil can tell.
    public static var hasAVX512: Bool { av_get_cpu_flags() & AV_CPU_FLAG_AVX512 != 0 }
}
