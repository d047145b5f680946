// One keyframe decoded by libavcodec, without a pipeline or a thread of its own.
#pragma once

#include <stddef.h>
#include <stdint.h>

// What libavcodec calls the codec.
enum cav_codec { CAV_H264, CAV_H265 };
enum cav_format { CAV_I420, CAV_NV12, CAV_GRAY8 };

// A decoded picture, 8 bits a sample, rows `stride` bytes apart, origin top left. Freed with cav_picture_free.
typedef struct {
  enum cav_format format;
  int width, height, plane_count;
  const uint8_t *_Nullable planes[3];
  int strides[3];
  void *_Nonnull frame;
} cav_picture;

// Decodes one access unit that is a keyframe. `configuration` is avcC or hvcC; the unit's NAL units are behind lengths as it
// says. Gives null and a text of at most `reason_size` bytes, its zero in them, where there is no picture.
const cav_picture *_Nullable cav_decode_keyframe(
    enum cav_codec codec, const void *_Nullable configuration, size_t configuration_size, const void *_Nullable unit,
    size_t unit_size, char *_Nonnull reason, size_t reason_size);
void cav_picture_free(const cav_picture *_Nonnull picture);
