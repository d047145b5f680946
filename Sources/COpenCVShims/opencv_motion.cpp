#include "opencv_motion.h"

#include "motion_history.hpp"
#include "motion_regions.hpp"
#include "motion_scratch.hpp"
#include "motion_zones.hpp"
#include "opencv_guard.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

// How it works. Luma is shrunk and taken to a logarithmic scale, where a change of light is an offset. What differs from
// the background is split into a smooth field, the light, and the rest, the structure: only structure can be a region.
// Each pixel learns how much its structure varies by itself (sensor noise, leaves, a clock), so that only more than that
// counts. A region is reported with the share of it that also changed within the last moments: what an object leaves
// behind differs from the background but does not stir.

namespace {

constexpr int cell_side = 16;
constexpr double light_change_levels = 20;
constexpr double initial_noise = 1, least_noise = 0.3, most_noise = 40;
constexpr double noise_quantile = 0.9;
// A longer pause between two pictures teaches no more than this.
constexpr double longest_step = 5;

/// The middle value; reorders.
float median(std::vector<float> &values) {
    const size_t middle = values.size() / 2;
    std::nth_element(values.begin(), values.begin() + middle, values.end());
    return values[middle];
}

float rate(double seconds, double memory) { return static_cast<float>(1 - std::exp(-seconds / std::max(memory, 1e-3))); }

}  // namespace

struct vedette_motion : MotionScratch {
    vedette_motion_parameters parameters;
    cv::Mat logarithm;
    bool started = false;
    double first = 0, latest = 0;
    int64_t frames = 0;
    double noise = 1, usual_likeness = 0;
    // All CV_32F of the analysed size, unless said otherwise.
    cv::Mat level, background, spread, stay;
    // The picture before, between `take` and `measure_noise`; in between it is `level` that was measured last.
    cv::Mat previous;
    bool level_is_measured = false;
    // Only while a scene is new.
    cv::Mat contrast;
    cv::Mat cells, light_cells, level_cells;
    cv::Mat differing, active;  // CV_8U
    Zones zones;
    History structures, levels;
    std::vector<float> scratch;

    explicit vedette_motion(const vedette_motion_parameters &given) : parameters(given), structures(given.activity_seconds), levels(given.activity_seconds) {
        logarithm.create(1, 256, CV_32F);
        for (int value = 0; value < 256; value++)
            logarithm.at<float>(value) = 64 * std::log((value + 16) / 16.0f);
    }

    void begin(double seconds) {
        level.copyTo(background);
        level_is_measured = true;
        spread.create(level.size(), CV_32F);
        spread.setTo(initial_noise);
        stay.create(level.size(), CV_32F);
        stay.setTo(0);
        differing.create(level.size(), CV_8U);
        differing.setTo(0);
        active.create(level.size(), CV_8U);
        active.setTo(0);
        structures.clear();
        levels.clear();
        contrast.release();
        first = latest = seconds;
        frames = 1;
        usual_likeness = 0;
        started = true;
    }

    /// Gives back what the next picture, seconds away, does not need or makes anew.
    void rest() {
        release();
        previous.release();
        structures.rest();
        levels.rest();
    }

    // The plane that `level` was made of by a look; a calm look is followed by a measurement of the same picture.
    const uint8_t *taken = nullptr;
    double taken_seconds = 0;

    /// Shrinks, takes the logarithm and smooths.
    void take(const uint8_t *luma, int width, int height, size_t stride) {
        if (level_is_measured) cv::swap(level, previous);
        level_is_measured = false;
        const cv::Mat source(height, width, CV_8UC1, const_cast<uint8_t *>(luma), stride);
        const double scale = static_cast<double>(parameters.longest_side) / std::max(width, height);
        if (scale < 1) {
            const cv::Size size(std::max(1, cvRound(width * scale)), std::max(1, cvRound(height * scale)));
            // Halving is much faster than any other area shrink, and area on area is area.
            const bool halve = scale <= 0.25 && width % 2 == 0 && height % 2 == 0;
            if (halve) cv::resize(source, halved, cv::Size(width / 2, height / 2), 0, 0, cv::INTER_AREA);
            cv::resize(halve ? halved : source, small, size, 0, 0, cv::INTER_AREA);
            cv::LUT(small, logarithm, level);
        } else {
            cv::LUT(source, logarithm, level);
        }
        cv::GaussianBlur(level, level, cv::Size(3, 3), 0);
    }

    /// Robust spread of the difference to the previous picture. Falls slowly, rises fast.
    void measure_noise() {
        scratch.clear();
        for (int y = 1; y < level.rows; y += 4) {
            const float *now = level.ptr<float>(y), *then = previous.ptr<float>(y);
            for (int x = 1; x < level.cols; x += 4) scratch.push_back(now[x] - then[x]);
        }
        if (scratch.empty()) return;
        const float middle = median(scratch);
        for (float &value : scratch) value = std::fabs(value - middle);
        const double measured = 1.48 * median(scratch);
        noise += (measured - noise) * (measured > noise ? 0.5 : 0.1);
    }

    /// The smooth part of the difference to the background: medians of cells, a median of those, interpolated.
    void find_light() {
        cv::subtract(level, background, structure);
        const int columns = (level.cols + cell_side - 1) / cell_side, rows = (level.rows + cell_side - 1) / cell_side;
        cells.create(rows, columns, CV_32F);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                scratch.clear();
                for (int y = row * cell_side; y < std::min(level.rows, (row + 1) * cell_side); y += 2) {
                    const float *line = structure.ptr<float>(y);
                    const int end = std::min(level.cols, (column + 1) * cell_side);
                    for (int x = column * cell_side; x < end; x += 4) scratch.push_back(line[x]);
                }
                cells.at<float>(row, column) = median(scratch);
            }
        }
        cv::medianBlur(cells, light_cells, 5);
        cv::resize(light_cells, light, level.size(), 0, 0, cv::INTER_LINEAR);
        cv::subtract(structure, light, structure);
        // What a whole row has in common is flicker of the mains or noise of the read-out.
        for (int y = 0; y < structure.rows; y++) {
            float *line = structure.ptr<float>(y), common = 0;
            const int width = structure.cols;
#pragma clang loop vectorize(enable)
            for (int x = 0; x < width; x++) common += std::min(std::max(line[x], -3.0f), 3.0f);
            common /= width;
            for (int x = 0; x < width; x++) line[x] -= common;
        }
    }

    /// Compares the slopes of picture and background. Sets how alike they are, 0–1, whatever the light; and one displacement
    /// of the whole picture by least squares, in widths, 0 unless it explains most of the difference.
    void compare_slopes(double &likeness, double &shake) const {
        double xx = 1, xy = 0, yy = 1, xd = 0, yd = 0, dd = 0, nn = 1, nb = 0;
        for (int y = 1; y + 1 < level.rows; y += 2) {
            const float *above = background.ptr<float>(y - 1), *line = background.ptr<float>(y);
            const float *below = background.ptr<float>(y + 1), *rest = structure.ptr<float>(y);
            const float *now_above = level.ptr<float>(y - 1), *now = level.ptr<float>(y);
            const float *now_below = level.ptr<float>(y + 1);
            float row[8] = {};
            const int width = level.cols;
#pragma clang loop vectorize(enable)
            for (int x = 1; x < width - 1; x++) {
                const float across = 0.5f * (line[x + 1] - line[x - 1]), down = 0.5f * (below[x] - above[x]);
                row[0] += across * across;
                row[1] += across * down;
                row[2] += down * down;
                row[3] += across * rest[x];
                row[4] += down * rest[x];
                row[5] += rest[x] * rest[x];
                const float now_across = 0.5f * (now[x + 1] - now[x - 1]), now_down = 0.5f * (now_below[x] - now_above[x]);
                row[6] += now_across * now_across + now_down * now_down;
                row[7] += now_across * across + now_down * down;
            }
            xx += row[0], xy += row[1], yy += row[2], xd += row[3], yd += row[4], dd += row[5], nn += row[6], nb += row[7];
        }
        likeness = nb / std::sqrt(nn * (xx + yy));
        shake = 0;
        const double determinant = xx * yy - xy * xy;
        if (determinant <= 1e-3 * xx * yy || dd <= 0) return;
        const double across = (yy * xd - xy * yd) / determinant, down = (xx * yd - xy * xd) / determinant;
        const double explained = (across * xd + down * yd) / dd;
        if (explained > 0.75) shake = std::hypot(across, down) / level.cols;
    }

    /// Share of cells whose level is far from what it was a moment ago.
    double find_light_change(double seconds, bool learns) {
        cv::resize(level, level_cells, cells.size(), 0, 0, cv::INTER_AREA);
        const cv::Mat *then = levels.recall(seconds);
        int changed = 0;
        if (then) {
            for (int row = 0; row < level_cells.rows; row++)
                for (int column = 0; column < level_cells.cols; column++)
                    changed += std::fabs(level_cells.at<float>(row, column) - then->at<float>(row, column)) >
                               light_change_levels;
        }
        if (learns) levels.remember(seconds, level_cells);
        return changed / static_cast<double>(level_cells.total());
    }

    /// Decides for each pixel whether it differs and whether it stirs, and learns if it may. Returns the share that differs.
    template <bool learns>
    double compare(double seconds, double step) {
        const double age = seconds - first;
        const auto &p = parameters;
        const double left = p.texture_slack * std::exp(-age / p.texture_seconds);
        // Levels differ by less than 200: the rest of the doubt is nothing.
        const bool is_new = left > 1e-5;
        const float doubt = is_new ? static_cast<float>(left) : 0;
        if (!is_new) {
            contrast.release();
        } else if (contrast.empty() || age < 4 * p.texture_seconds) {
            cv::Mat most, least;
            cv::dilate(level, most, box(3));
            cv::erode(level, least, box(3));
            cv::subtract(most, least, contrast);
        }
        const cv::Mat *then = structures.recall(seconds);
        // A pixel stirs only if its neighbourhood differed in the previous picture too: drops and sparks do not.
        if (learns && frames > 2 && step < 0.26) {
            const int radius = std::clamp(static_cast<int>(20 * step + 0.5), 1, 3);
            cv::dilate(differing, before, box(2 * radius + 1));
        } else {
            before.create(level.size(), CV_8U);
            before.setTo(255);
        }
        const float base = static_cast<float>(p.base_threshold + 0.5 * p.noise_factor * noise);
        const float factor = static_cast<float>(0.6 * p.noise_factor), slack = static_cast<float>(p.light_slack);
        const float learn = std::max(1.0f / frames, rate(step, p.background_seconds));
        const float follow = rate(step, 2);
        const float pace = rate(step, std::min(p.noise_seconds, 0.3 + 0.5 * age));
        const float up = static_cast<float>(1 + 2 * noise_quantile * pace);
        const float down = static_cast<float>(1 - 2 * (1 - noise_quantile) * pace);
        const float elapsed = static_cast<float>(step), absorb = static_cast<float>(p.absorb_seconds);
        const float least = static_cast<float>(least_noise), most = static_cast<float>(most_noise);
        const int columns = level.cols;
        size_t count = 0;
        for (int y = 0; y < level.rows; y++) {
            // Without branches, so that the compiler takes several pixels at a time.
            const float *__restrict rest = structure.ptr<float>(y), *__restrict shine = light.ptr<float>(y);
            const float *__restrict edge = is_new ? contrast.ptr<float>(y) : shine;
            const float *past = then ? then->ptr<float>(y) : rest;
            const uint8_t *__restrict was = before.ptr(y);
            float *__restrict back = background.ptr<float>(y), *__restrict wide = spread.ptr<float>(y);
            float *__restrict still = stay.ptr<float>(y);
            uint8_t *__restrict differs = differing.ptr(y), *__restrict stirs = active.ptr(y);
            int row = 0;
            for (int x = 0; x < columns; x++) {
                const float size = std::fabs(rest[x]);
                const float threshold = base + factor * wide[x] + slack * std::fabs(shine[x]) + doubt * edge[x];
                const int beyond = size > threshold ? -1 : 0;
                const int changed = std::fabs(rest[x] - past[x]) > threshold ? beyond : 0;
                differs[x] = static_cast<uint8_t>(beyond);
                stirs[x] = static_cast<uint8_t>(changed) & was[x];
                row -= beyond;
                if constexpr (!learns) continue;
                const float next = wide[x] * (size > wide[x] ? up : down);
                wide[x] = std::min(std::max(next, least), most);
                // Time that something has stayed: grows at rest, shrinks where it stirs, starts over where it is gone.
                float stayed = still[x] + (changed ? -4 * elapsed : elapsed);
                stayed = beyond ? std::max(stayed, 0.0f) : 0.0f;
                const bool absorbed = stayed > absorb;
                still[x] = absorbed ? 0.0f : stayed;
                back[x] += follow * shine[x] + rest[x] * (absorbed ? 1.0f : beyond ? 0.0f : learn);
            }
            count += row;
        }
        if constexpr (learns) structures.remember(seconds, structure);
        return count / static_cast<double>(level.total());
    }

    /// The last picture in coarse cells.
    bool scene(float *levels_out, float *edges_out) {
        if (level.empty()) return false;
        const cv::Size grid(VEDETTE_SCENE_COLUMNS, VEDETTE_SCENE_ROWS);
        cv::Mat cell_levels(grid, CV_32F, levels_out), cell_edges(grid, CV_32F, edges_out);
        cv::Mat slopes(level.size(), CV_32F, cv::Scalar(0));
        for (int y = 1; y + 1 < level.rows; y++) {
            const float *above = level.ptr<float>(y - 1), *line = level.ptr<float>(y), *below = level.ptr<float>(y + 1);
            float *out = slopes.ptr<float>(y);
            const int width = level.cols;
            for (int x = 1; x < width - 1; x++)
                out[x] = 0.5f * (std::fabs(line[x + 1] - line[x - 1]) + std::fabs(below[x] - above[x]));
        }
        cv::resize(level, cell_levels, grid, 0, 0, cv::INTER_AREA);
        cv::resize(slopes, cell_edges, grid, 0, 0, cv::INTER_AREA);
        return true;
    }

    /// Compares with what is known and learns nothing.
    void look(double seconds, vedette_motion_measurement &out) {
        if (!started || level.size() != background.size() || seconds < latest) {
            out.restarted = 1;
            return;
        }
        find_light();
        out.noise = noise;
        compare_slopes(out.likeness, out.shake);
        out.light_change = find_light_change(seconds, false);
        out.differing = compare<false>(seconds, std::min(seconds - latest, longest_step));
        const bool replaced = usual_likeness > 0.3 && out.likeness < parameters.scene_likeness * usual_likeness;
        out.restarted = replaced || out.differing > parameters.scene_change_share;
        Regions{*this, zones, parameters.minimum_area}.find(differing, active, out);
        // The next picture must not take these for its neighbourhood.
        differing.setTo(255);
    }

    void measure(double seconds, vedette_motion_measurement &out) {
        if (!started || level.size() != background.size() || seconds < latest) {
            begin(seconds);
            out.restarted = 1;
            return;
        }
        const double step = std::min(seconds - latest, longest_step);
        latest = seconds;
        frames++;
        measure_noise();
        level_is_measured = true;
        find_light();
        out.noise = noise;
        compare_slopes(out.likeness, out.shake);
        out.light_change = find_light_change(seconds, true);
        out.differing = compare<true>(seconds, step);
        // Another scene has other slopes everywhere; no lamp and no object in front of this one does that.
        const bool replaced = usual_likeness > 0.3 && out.likeness < parameters.scene_likeness * usual_likeness;
        usual_likeness += (out.likeness - usual_likeness) * std::max(1.0 / frames, 1.0 * rate(step, 5));
        if (replaced || out.differing > parameters.scene_change_share) {
            begin(seconds);
            out.restarted = 1;
            return;
        }
        Regions{*this, zones, parameters.minimum_area}.find(differing, active, out);
    }
};

vedette_motion_parameters vedette_motion_default_parameters(void) {
    vedette_motion_parameters parameters;
    parameters.longest_side = 320;
    parameters.base_threshold = 6;
    parameters.noise_factor = 4;
    parameters.light_slack = 0.25;
    parameters.texture_slack = 0.35;
    parameters.texture_seconds = 3;
    parameters.background_seconds = 10;
    parameters.noise_seconds = 8;
    parameters.absorb_seconds = 20;
    parameters.activity_seconds = 0.4;
    parameters.minimum_area = 0.0003;
    parameters.scene_change_share = 0.5;
    parameters.scene_likeness = 0.15;
    return parameters;
}

vedette_motion *vedette_motion_create(const vedette_motion_parameters *parameters, char *error, size_t error_size) {
    return guarded<vedette_motion *>(nullptr, error, error_size, [&]() -> vedette_motion * {
        if (parameters->longest_side < 16 || parameters->longest_side > 4096) {
            fail(error, error_size, "the analysed picture's longest side must be 16 to 4096 pixels");
            return nullptr;
        }
        // Many cameras share the cores; waking threads for pictures this small costs more than it saves.
        cv::setNumThreads(1);
        return new vedette_motion(*parameters);
    });
}

int vedette_motion_add_zone(
    vedette_motion *motion, const vedette_motion_point *corners, int32_t count, int32_t includes, char *error,
    size_t error_size) {
    return guarded(-1, error, error_size, [&] {
        if (count < 3) return fail(error, error_size, "a zone needs at least three corners");
        std::vector<cv::Point2f> polygon;
        for (int32_t index = 0; index < count; index++) polygon.emplace_back(corners[index].x, corners[index].y);
        if (!motion->zones.add(std::move(polygon), includes != 0)) return fail(error, error_size, "there are too many zones");
        return 0;
    });
}

void vedette_motion_free(vedette_motion *motion) { delete motion; }

namespace {

int run(
    vedette_motion *motion, const uint8_t *luma, int32_t width, int32_t height, size_t stride, double seconds, bool learns,
    vedette_motion_measurement *out, char *error, size_t error_size) {
    return guarded(-1, error, error_size, [&] {
        std::memset(out, 0, sizeof *out);
        if (!luma || width < 16 || height < 16 || stride < static_cast<size_t>(width))
            return fail(error, error_size, "a picture needs at least 16 by 16 pixels and rows as long as its width");
        const bool is_taken = learns && motion->taken == luma && motion->taken_seconds == seconds;
        if (!is_taken) motion->take(luma, width, height, stride);
        motion->taken = learns ? nullptr : luma;
        motion->taken_seconds = seconds;
        const bool is_apart = seconds - motion->latest > 1;
        if (learns) motion->measure(seconds, *out);
        else motion->look(seconds, *out);
        // A calm look is followed by a measurement.
        if (learns && is_apart) motion->rest();
        return 0;
    });
}

}  // namespace

int vedette_motion_measure(
    vedette_motion *motion, const uint8_t *luma, int32_t width, int32_t height, size_t stride, double seconds,
    vedette_motion_measurement *out, char *error, size_t error_size) {
    return run(motion, luma, width, height, stride, seconds, true, out, error, error_size);
}

int vedette_motion_look(
    vedette_motion *motion, const uint8_t *luma, int32_t width, int32_t height, size_t stride, double seconds,
    vedette_motion_measurement *out, char *error, size_t error_size) {
    return run(motion, luma, width, height, stride, seconds, false, out, error, error_size);
}

int vedette_motion_scene(vedette_motion *motion, float *levels, float *edges, char *error, size_t error_size) {
    return guarded(-1, error, error_size, [&] {
        return motion->scene(levels, edges) ? 0 : fail(error, error_size, "no picture has been measured");
    });
}
