#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { VEDETTE_PIXELS_I420 = 0, VEDETTE_PIXELS_NV12 = 1, VEDETTE_PIXELS_GRAY8 = 2 } vedette_pixel_format;

/// Planes of one picture, borrowed for the call.
typedef struct {
    vedette_pixel_format format;
    int32_t width, height;
    const uint8_t *planes[3];
    size_t strides[3];
} vedette_picture;

/// A JPEG in memory that `vedette_still_free` gives back.
typedef struct {
    uint8_t *bytes;
    size_t size;
    int32_t width, height;
} vedette_still;

/// Cuts the rectangle (pixels, inside the picture), shrinks to at most `longest_side` pixels, never enlarges, encodes with
/// `quality` 1–100. 0 on success, -1 with the reason in `error`.
int vedette_still_encode(
    const vedette_picture *picture, int32_t x, int32_t y, int32_t width, int32_t height, int32_t longest_side,
    int32_t quality, vedette_still *out, char *error, size_t error_size);
/// Decodes a JPEG and encodes it anew, shrunk to at most `longest_side` pixels. 0 on success, 1 where it is no longer than that
/// and nothing was made, -1 with the reason in `error`.
int vedette_still_shrink(
    const uint8_t *jpeg, size_t size, int32_t longest_side, int32_t quality, vedette_still *out, char *error,
    size_t error_size);
void vedette_still_free(vedette_still *still);

#ifdef __cplusplus
}
#endif
