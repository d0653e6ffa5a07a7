internal import CFFmpeg

/// libav's own log, which is silent unless asked for.
public enum LogCapture {
    /// Turns libav's lines on standard error off.
    public static func silence() { av_log_set_level(AV_LOG_QUIET) }
}
