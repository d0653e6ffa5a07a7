internal import CFFmpeg

/// The versions of libav's libraries that are loaded.
public enum LibraryVersions {
    /// `major.minor.micro` by the library's name.
    public static var all: [String: String] {
        [
            "libavcodec": text(avcodec_version()), "libavfilter": text(avfilter_version()),
            "libavformat": text(avformat_version()), "libavutil": text(avutil_version()),
            "libswresample": text(swresample_version()), "libswscale": text(swscale_version()),
        ]
    }

    /// What the distribution calls its build, such as `5.1.9-0+deb12u1`.
    public static var release: String { String(cString: av_version_info()) }

    private static func text(_ version: UInt32) -> String {
        "\(version >> 16).\(version >> 8 & 255).\(version & 255)"
    }
}
