#pragma once

#include "opencv_motion.h"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <utility>
#include <vector>

/// Polygons and what they mean pixel by pixel, worked out once for each size of picture.
class Zones {
  public:
    /// False when there are too many.
    bool add(std::vector<cv::Point2f> corners, bool includes) {
        if (polygons.size() >= VEDETTE_MOTION_ZONES) return false;
        polygons.push_back({std::move(corners), includes});
        included += includes;
        return true;
    }

    bool empty() const { return polygons.empty(); }
    bool name_places() const { return included > 0; }

    void prepare(cv::Size size) {
        if (mask.size() == size) return;
        mask.create(size, CV_8U);
        mask.setTo(included > 0 ? 0 : 255);
        members.create(size, CV_16U);
        members.setTo(0);
        int bit = 0;
        for (const auto &polygon : polygons) {
            if (!polygon.includes) continue;
            const cv::Mat inside = raster(polygon, size);
            mask.setTo(255, inside);
            cv::bitwise_or(members, cv::Scalar(1 << bit++), members, inside);
        }
        for (const auto &polygon : polygons)
            if (!polygon.includes) mask.setTo(0, raster(polygon, size));
    }

    /// CV_8U: where differences count; CV_16U: one bit for each including zone.
    cv::Mat mask, members;

  private:
    struct Polygon {
        std::vector<cv::Point2f> corners;
        bool includes;
    };
    std::vector<Polygon> polygons;
    int included = 0;

    static cv::Mat raster(const Polygon &polygon, cv::Size size) {
        constexpr int shift = 4;
        std::vector<cv::Point> corners;
        for (const auto &corner : polygon.corners)
            corners.emplace_back(
                cvRound((corner.x * size.width - 0.5) * (1 << shift)), cvRound((corner.y * size.height - 0.5) * (1 << shift)));
        cv::Mat inside = cv::Mat::zeros(size, CV_8U);
        cv::fillPoly(inside, std::vector<std::vector<cv::Point>>{corners}, cv::Scalar(255), cv::LINE_8, shift);
        return inside;
    }
};
