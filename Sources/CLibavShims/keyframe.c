#include "libav_shims.h"
#include "spare_decoders.h"
#include "spare_pictures.h"

#include <libavcodec/avcodec.h>
#include <libavutil/log.h>
#include <pthread.h>
#include <string.h>

static pthread_once_t quiet_once = PTHREAD_ONCE_INIT;
// Damaged pictures are told by the result; libavcodec's own words would go to standard error.
static void quiet(void) { av_log_set_level(AV_LOG_QUIET); }

static int describe(const AVFrame *frame, cav_picture *picture) {
  switch (frame->format) {
  case AV_PIX_FMT_YUV420P:
  case AV_PIX_FMT_YUVJ420P: picture->format = CAV_I420, picture->plane_count = 3; break;
  case AV_PIX_FMT_NV12: picture->format = CAV_NV12, picture->plane_count = 2; break;
  case AV_PIX_FMT_GRAY8: picture->format = CAV_GRAY8, picture->plane_count = 1; break;
  default: return AVERROR_PATCHWELCOME;
  }
  picture->width = frame->width;
  picture->height = frame->height;
  for (int plane = 0; plane < picture->plane_count; plane++) {
    if (!frame->data[plane] || frame->linesize[plane] <= 0) return AVERROR_INVALIDDATA;
    picture->planes[plane] = frame->data[plane];
    picture->strides[plane] = frame->linesize[plane];
  }
  return 0;
}

static int open_decoder(AVCodecContext *context, const void *configuration, size_t size) {
  context->thread_count = 1;
  context->get_buffer2 = cav_get_blank;
  // Nothing comes after this picture; blocks that stay sharp at their edges are nothing to a picture that is made smaller.
  context->skip_loop_filter = AVDISCARD_ALL;
  // Else the keyframe of an open GOP, or where a refresh begins, gives no picture, as others before it are missing.
  context->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
  if (size > 0) {
    context->extradata = av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!context->extradata) return AVERROR(ENOMEM);
    memcpy(context->extradata, configuration, size);
    context->extradata_size = (int)size;
  }
  return avcodec_open2(context, context->codec, NULL);
}

static int fill(AVPacket *packet, const void *unit, size_t size) {
  const int error = av_new_packet(packet, (int)size);
  if (error != 0) return error;
  memcpy(packet->data, unit, size);
  packet->flags = AV_PKT_FLAG_KEY;
  return 0;
}

// A decoder that was another stream's learns this one's parameter sets with the packet.
static int fill_configuration(AVPacket *packet, const void *configuration, size_t size) {
  uint8_t *place = av_packet_new_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, size);
  if (!place) return AVERROR(ENOMEM);
  memcpy(place, configuration, size);
  return 0;
}

const cav_picture *cav_decode_keyframe(
    enum cav_codec codec, const void *configuration, size_t configuration_size, const void *unit, size_t unit_size,
    char *reason, size_t reason_size) {
  pthread_once(&quiet_once, quiet);
  const enum AVCodecID kind = codec == CAV_H264 ? AV_CODEC_ID_H264 : AV_CODEC_ID_HEVC;
  const AVCodec *decoder = avcodec_find_decoder(kind);
  // Without a configuration nothing would replace the parameter sets of the stream before.
  AVCodecContext *context = configuration_size > 0 ? cav_take_spare(kind) : NULL;
  const int is_spare = context != NULL;
  if (!context && decoder) context = avcodec_alloc_context3(decoder);
  AVPacket *packet = av_packet_alloc();
  AVFrame *frame = av_frame_alloc();
  cav_picture *picture = av_mallocz(sizeof *picture);
  int error = AVERROR(ENOMEM);
  if (!decoder) error = AVERROR_DECODER_NOT_FOUND;
  else if (configuration_size > 1 << 20 || unit_size > 64 << 20) error = AVERROR_INVALIDDATA;
  else if (context && packet && frame && picture) {
    error = is_spare ? 0 : open_decoder(context, configuration, configuration_size);
    if (error == 0) error = fill(packet, unit, unit_size);
    if (error == 0 && is_spare) error = fill_configuration(packet, configuration, configuration_size);
    if (error == 0) error = avcodec_send_packet(context, packet);
    if (error == 0) error = avcodec_send_packet(context, NULL);
    if (error == 0) error = avcodec_receive_frame(context, frame);
    if (error == 0) error = describe(frame, picture);
  }
  av_packet_free(&packet);
  if (error == 0 && configuration_size > 0) cav_give_spare(context);
  else avcodec_free_context(&context);
  if (error == 0) {
    picture->frame = frame;
    return picture;
  }
  av_strerror(error, reason, reason_size);
  av_frame_free(&frame);
  av_free(picture);
  return NULL;
}

void cav_picture_free(const cav_picture *picture) {
  AVFrame *frame = picture->frame;
  av_frame_free(&frame);
  av_free((void *)picture);
}
