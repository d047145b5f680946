// JPEG pictures, neural networks (cv::dnn) and the HOG people detector, as C functions.
//
// Every function catches C++ exceptions and writes their text to `error` (`error_size` bytes, always terminated).
// No object here may be used by two threads at once.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A decoded picture: 8-bit BGR.
typedef struct opencv_picture opencv_picture;
/// cv::dnn::Net.
typedef struct opencv_network opencv_network;
/// cv::HOGDescriptor with OpenCV's own people weights.
typedef struct opencv_people_detector opencv_people_detector;

/// A part of a picture and where it is drawn on a network's input; both in pixels, origin top left.
typedef struct {
    const opencv_picture *_Nonnull picture;
    int32_t source_x, source_y, source_width, source_height;
    int32_t target_x, target_y, target_width, target_height;
} opencv_tile;

/// A found person, in pixels of the picture; `score` is the SVM's distance.
typedef struct {
    double x, y, width, height, score;
} opencv_person;

/// Decodes a JPEG as colour. NULL on failure.
opencv_picture *_Nullable opencv_picture_decode(
    const uint8_t *_Nonnull jpeg, size_t size, char *_Nonnull error, size_t error_size);
void opencv_picture_destroy(opencv_picture *_Nullable picture);
int32_t opencv_picture_width(const opencv_picture *_Nonnull picture);
int32_t opencv_picture_height(const opencv_picture *_Nonnull picture);

/// Reads an ONNX file. NULL on failure. Also bounds OpenCV's worker threads, which are the whole process's, to `threads`.
opencv_network *_Nullable opencv_network_open(
    const char *_Nonnull path, int32_t threads, char *_Nonnull error, size_t error_size);
void opencv_network_destroy(opencv_network *_Nullable network);

/// Draws the tiles on a square of `side` pixels filled with `fill`, runs the network on it (1×3×side×side floats, BGR,
/// 0–255) and copies the first output. `capacity` is the floats that `output` holds; the output must be exactly that many.
/// 0 on success, -1 on failure.
int32_t opencv_network_run(
    opencv_network *_Nonnull network, const opencv_tile *_Nonnull tiles, size_t tile_count, int32_t side, int32_t fill,
    float *_Nonnull output, size_t capacity, char *_Nonnull error, size_t error_size);

/// NULL on failure.
opencv_people_detector *_Nullable opencv_people_detector_create(char *_Nonnull error, size_t error_size);
void opencv_people_detector_destroy(opencv_people_detector *_Nullable detector);
/// Finds upright people; at most `capacity`. The number found, or -1 on failure.
int32_t opencv_people_detector_run(
    opencv_people_detector *_Nonnull detector, const opencv_picture *_Nonnull picture, opencv_person *_Nonnull people,
    size_t capacity, char *_Nonnull error, size_t error_size);

#ifdef __cplusplus
}
#endif
