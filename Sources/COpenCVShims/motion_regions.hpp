#pragma once

#include "motion_scratch.hpp"
#include "motion_zones.hpp"
#include "opencv_motion.h"

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

/// A square for dilating, eroding, opening and closing.
inline cv::Mat box(int side) { return cv::getStructuringElement(cv::MORPH_RECT, cv::Size(side, side)); }

/// Makes regions of the pixels that differ: one for each that hang together, those that stir most first.
class Regions {
  public:
    /// Works in `scratch`, and knows nothing outside of `zones`; `minimum_area` is a share of the picture's.
    Regions(MotionScratch &scratch, Zones &zones, double minimum_area)
        : zones(zones), minimum_area(minimum_area), clean(scratch.clean), stirring(scratch.stirring), labels(scratch.labels),
          statistics(scratch.statistics), centres(scratch.centres) {}

    /// `differing` and `active` are CV_8U: where the picture differs from the background, and where it stirs besides.
    void find(const cv::Mat &differing, const cv::Mat &active, vedette_motion_measurement &out) {
        cv::morphologyEx(differing, clean, cv::MORPH_OPEN, box(2));
        cv::morphologyEx(clean, clean, cv::MORPH_CLOSE, box(5));
        cv::morphologyEx(active, stirring, cv::MORPH_OPEN, box(2));
        if (!zones.empty()) {
            zones.prepare(clean.size());
            cv::bitwise_and(clean, zones.mask, clean);
            cv::bitwise_and(stirring, zones.mask, stirring);
        }
        const double total = static_cast<double>(clean.total());
        out.changed = cv::countNonZero(clean) / total;
        const int count = cv::connectedComponentsWithStats(clean, labels, statistics, centres, 8);
        std::vector<int> moving(count, 0), order;
        for (int y = 0; y < labels.rows; y++) {
            const int *label = labels.ptr<int>(y);
            const uint8_t *stirs = stirring.ptr(y);
            for (int x = 0; x < labels.cols; x++)
                if (stirs[x]) moving[label[x]]++;
        }
        for (int index = 1; index < count; index++)
            if (statistics.at<int>(index, cv::CC_STAT_AREA) >= minimum_area * total) order.push_back(index);
        const size_t kept = std::min(order.size(), static_cast<size_t>(VEDETTE_MOTION_REGIONS));
        std::partial_sort(order.begin(), order.begin() + kept, order.end(), [&](int left, int right) {
            if (moving[left] != moving[right]) return moving[left] > moving[right];
            return statistics.at<int>(left, cv::CC_STAT_AREA) > statistics.at<int>(right, cv::CC_STAT_AREA);
        });
        const float width = static_cast<float>(labels.cols), height = static_cast<float>(labels.rows);
        for (size_t place = 0; place < kept; place++) {
            const int index = order[place];
            out.regions[place] = {
                statistics.at<int>(index, cv::CC_STAT_LEFT) / width,
                statistics.at<int>(index, cv::CC_STAT_TOP) / height,
                statistics.at<int>(index, cv::CC_STAT_WIDTH) / width,
                statistics.at<int>(index, cv::CC_STAT_HEIGHT) / height,
                static_cast<float>((centres.at<double>(index, 0) + 0.5) / width),
                static_cast<float>((centres.at<double>(index, 1) + 0.5) / height),
                static_cast<float>(statistics.at<int>(index, cv::CC_STAT_AREA) / total),
                static_cast<float>(moving[index] / total),
                {},
            };
            if (zones.name_places()) find_places(index, out.regions[place]);
        }
        out.region_count = static_cast<int32_t>(kept);
        find_activity(order, kept, moving, out);
    }

  private:
    Zones &zones;
    const double minimum_area;
    cv::Mat &clean, &stirring, &labels, &statistics, &centres;

    /// The cells in which the regions that are told stir.
    void find_activity(
        const std::vector<int> &order, size_t kept, const std::vector<int> &moving, vedette_motion_measurement &out) {
        int counts[VEDETTE_ACTIVITY_ROWS][VEDETTE_ACTIVITY_COLUMNS] = {};
        for (size_t place = 0; place < kept; place++) {
            const int index = order[place];
            if (!moving[index]) break;  // They come by how much they stir.
            const int left = statistics.at<int>(index, cv::CC_STAT_LEFT), top = statistics.at<int>(index, cv::CC_STAT_TOP);
            const int right = left + statistics.at<int>(index, cv::CC_STAT_WIDTH);
            const int bottom = top + statistics.at<int>(index, cv::CC_STAT_HEIGHT);
            for (int y = top; y < bottom; y++) {
                const int *label = labels.ptr<int>(y);
                const uint8_t *stirs = stirring.ptr(y);
                int *row = counts[y * VEDETTE_ACTIVITY_ROWS / labels.rows];
                for (int x = left; x < right; x++)
                    if (stirs[x] && label[x] == index) row[x * VEDETTE_ACTIVITY_COLUMNS / labels.cols]++;
            }
        }
        // A cell of a hundred pixels stirs from four of them on.
        const int least = std::max<int>(1, static_cast<int>(labels.total() / (VEDETTE_ACTIVITY_ROWS * VEDETTE_ACTIVITY_COLUMNS * 25)));
        for (int row = 0; row < VEDETTE_ACTIVITY_ROWS; row++)
            for (int column = 0; column < VEDETTE_ACTIVITY_COLUMNS; column++)
                if (counts[row][column] >= least) out.activity[row] |= 1u << column;
    }

    /// How much of a region lies in each including zone.
    void find_places(int index, vedette_motion_region &region) {
        int counts[VEDETTE_MOTION_ZONES] = {};
        const int left = statistics.at<int>(index, cv::CC_STAT_LEFT), top = statistics.at<int>(index, cv::CC_STAT_TOP);
        const int right = left + statistics.at<int>(index, cv::CC_STAT_WIDTH);
        const int bottom = top + statistics.at<int>(index, cv::CC_STAT_HEIGHT);
        for (int y = top; y < bottom; y++) {
            const int *label = labels.ptr<int>(y);
            const uint16_t *member = zones.members.ptr<uint16_t>(y);
            for (int x = left; x < right; x++)
                if (label[x] == index)
                    for (int bits = member[x]; bits; bits &= bits - 1) counts[__builtin_ctz(bits)]++;
        }
        for (int zone = 0; zone < VEDETTE_MOTION_ZONES; zone++)
            region.zone_areas[zone] = counts[zone] / static_cast<float>(labels.total());
    }
};
