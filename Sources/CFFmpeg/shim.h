// What Swift cannot import from libav*: macros, and a callback that takes a va_list.
#ifndef RECAST_CFFMPEG_SHIM_H
#define RECAST_CFFMPEG_SHIM_H

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavformat/avformat.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/cpu.h>
#include <libavutil/crc.h>
#include <libavutil/display.h>
#include <libavutil/dovi_meta.h>
#include <libavutil/imgutils.h>
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libavutil/sha.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
#include <string.h>

static const int recast_error_eof = AVERROR_EOF;
static const int recast_error_again = AVERROR(EAGAIN);
static const int recast_error_io = AVERROR(EIO);
static const int recast_error_permission = AVERROR(EPERM);
static const int recast_error_exit = AVERROR_EXIT;
static const int recast_error_memory = AVERROR(ENOMEM);
static const int recast_error_option = AVERROR_OPTION_NOT_FOUND;
static const int recast_error_argument = AVERROR(EINVAL);
static const int64_t recast_no_pts = AV_NOPTS_VALUE;
static inline int recast_error_from_errno(int code) { return AVERROR(code); }

// Counts an error that libav logs about a decoder or demuxer, in the number that its `opaque` points to.
static void recast_count_complaint(void *context, int level, const char *format, va_list arguments) {
    if (!context) return;
    // Concealment is a mere notice. A frame thread flags its picture only when it is done with it, and by then the
    // picture may have left without the flag.
    if (level > AV_LOG_ERROR && (level > AV_LOG_INFO || strncmp(format, "concealing ", 11))) return;
    const AVClass *kind = *(const AVClass **)context;
    void *count = NULL;
    if (kind == avcodec_get_class()) {
        const AVCodecContext *codec = context;
        if (av_codec_is_decoder(codec->codec)) count = codec->opaque;
    } else if (kind == avformat_get_class()) {
        const AVFormatContext *format_context = context;
        // A muxer's `opaque` is something else.
        if (format_context->iformat) count = format_context->opaque;
    }
    if (count) __atomic_fetch_add((int64_t *)count, 1, __ATOMIC_RELAXED);
}
static inline void recast_count_complaints(void) { av_log_set_callback(recast_count_complaint); }
static inline int64_t recast_complaints(const int64_t *count) {
    return __atomic_load_n(count, __ATOMIC_RELAXED);
}

#endif
