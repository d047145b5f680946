// Decoders that were used and may be again, by whoever comes next: a new one costs a fifth of what decoding a keyframe does, most of it
// memory that the system hands over page by page.

#ifndef SPARE_DECODERS_H
#define SPARE_DECODERS_H

#include <libavcodec/avcodec.h>

// A decoder of this kind, flushed, or NULL where none is spare. It knows the parameter sets of another stream. The caller owns it. Any thread.
AVCodecContext *cav_take_spare(enum AVCodecID codec);
// Takes a decoder that decoded well; ownership with it. Any thread.
void cav_give_spare(AVCodecContext *context);

#endif
