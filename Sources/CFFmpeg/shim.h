// What Swift cannot import from libav*: macros.
#ifndef RECAST_CFFMPEG_SHIM_H
#define RECAST_CFFMPEG_SHIM_H

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavformat/avformat.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/display.h>
#include <libavutil/dovi_meta.h>
#include <libavutil/imgutils.h>
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

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

#endif
