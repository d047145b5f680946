#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Background model of one camera. One thread at a time.
typedef struct vedette_motion vedette_motion;

/// How the model sees. Times are seconds, areas are fractions of the analysed picture, levels are steps of
/// 64·ln((luma + 16) / 16): at mid grey one luma step is about half a level, and +10 % light is about 6.
typedef struct {
    /// Longest side of the analysed picture, in pixels.
    int32_t longest_side;
    /// Difference from the background that counts where there is no noise, in levels.
    double base_threshold;
    /// Added to it: this many times the noise.
    double noise_factor;
    /// Added to it: this share of the local change of light, which compensates what the light model leaves over.
    double light_slack;
    /// Added to it at first and fading: this share of the local contrast, since textures may sway.
    double texture_slack;
    double texture_seconds;
    /// Memory of the background.
    double background_seconds;
    /// Memory of the per-pixel noise.
    double noise_seconds;
    /// A region that stays and does not stir for this long becomes background.
    double absorb_seconds;
    /// Something is moving where the picture differs from what it was this long ago.
    double activity_seconds;
    /// Smallest region reported.
    double minimum_area;
    /// Share of differing pixels from which the scene counts as replaced and is learnt anew.
    double scene_change_share;
    /// The same where the slopes of picture and background are less alike than this share of what is usual.
    double scene_likeness;
} vedette_motion_parameters;

enum { VEDETTE_MOTION_ZONES = 16 };

/// A place as fractions of width and height, origin top left.
typedef struct {
    float x, y;
} vedette_motion_point;

/// One connected region that differs from the background. Positions are fractions of width and of height.
typedef struct {
    float x, y, width, height;
    float centre_x, centre_y;
    /// Share of the picture it covers.
    float area;
    /// Share of the picture it covers and that also changed just now.
    float active;
    /// Share of the picture it covers in each including zone, in the order in which they were added.
    float zone_areas[VEDETTE_MOTION_ZONES];
} vedette_motion_region;

enum { VEDETTE_MOTION_REGIONS = 32, VEDETTE_ACTIVITY_COLUMNS = 32, VEDETTE_ACTIVITY_ROWS = 18 };

typedef struct {
    /// Share of pixels in regions.
    double changed;
    /// Share of raw pixels beyond the threshold, regions or not.
    double differing;
    /// Share of the picture whose light level changed by more than about a third within the activity time.
    double light_change;
    /// Displacement against the background, as a fraction of the width; an estimate for small ones.
    double shake;
    /// How alike the slopes of picture and background are, 0–1.
    double likeness;
    /// Frame-to-frame noise in levels.
    double noise;
    /// 1 when the background was begun anew with this picture.
    int32_t restarted;
    int32_t region_count;
    /// Where regions stir: a grid laid over the picture, a word for each row from the top, a bit for each column, the lowest the
    /// leftmost.
    uint32_t activity[VEDETTE_ACTIVITY_ROWS];
    vedette_motion_region regions[VEDETTE_MOTION_REGIONS];
} vedette_motion_measurement;

vedette_motion_parameters vedette_motion_default_parameters(void);

/// NULL on failure, with the reason in `error`.
vedette_motion *vedette_motion_create(const vedette_motion_parameters *parameters, char *error, size_t error_size);
void vedette_motion_free(vedette_motion *motion);

/// Adds a polygon, before the first picture. What differs or stirs outside all including ones (if there is any), or inside an
/// excluding one, is in no region. Light, shake, noise and a replaced scene are measured on the whole picture nonetheless.
/// Corners are copied. 0 on success, -1 with the reason in `error`.
int vedette_motion_add_zone(
    vedette_motion *motion, const vedette_motion_point *corners, int32_t count, int32_t includes, char *error,
    size_t error_size);

/// Measures one 8-bit luma plane in place; nothing of it is kept. 0 on success, -1 with the reason in `error`.
int vedette_motion_measure(
    vedette_motion *motion, const uint8_t *luma, int32_t width, int32_t height, size_t stride, double seconds,
    vedette_motion_measurement *out, char *error, size_t error_size);

/// As `vedette_motion_measure`, but nothing is learnt: a later picture, or this one again, may be measured next, and so may
/// pictures from before it that come after the last one measured.
int vedette_motion_look(
    vedette_motion *motion, const uint8_t *luma, int32_t width, int32_t height, size_t stride, double seconds,
    vedette_motion_measurement *out, char *error, size_t error_size);

enum { VEDETTE_SCENE_COLUMNS = 64, VEDETTE_SCENE_ROWS = 36 };

/// The picture last measured or looked at as a grid of VEDETTE_SCENE_COLUMNS by VEDETTE_SCENE_ROWS cells, row by row from the top
/// left: `levels` gets each cell's mean level, `edges` its mean slope in levels a pixel. Both have room for all cells. 0 on
/// success, -1 with the reason in `error`.
int vedette_motion_scene(vedette_motion *motion, float *levels, float *edges, char *error, size_t error_size);

#ifdef __cplusplus
}
#endif
