// The memory of decoded pictures, shared by all decoders. libavcodec's own pools belong to a decoder and keep as many pictures as ever were in
// use at once: a hundred cameras that showed one each while they learnt would keep them, 3 MB each at 1080p, for as long as decoders are used again.

#ifndef SPARE_PICTURES_H
#define SPARE_PICTURES_H

#include <libavcodec/avcodec.h>

// `get_buffer2` of a decoder: a picture of zeros, since memory that showed another camera's must not show through where this one is damaged.
// Any thread.
int cav_get_blank(AVCodecContext *context, AVFrame *frame, int flags);

#endif
