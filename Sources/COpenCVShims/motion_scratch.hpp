#pragma once

#include <opencv2/core.hpp>

/// Pictures that are needed only while one picture is measured: kept for the next one where pictures follow closely, and
/// given back where they are seconds apart, 2 MB for each camera that is asleep at 1080p.
struct MotionScratch {
    /// CV_32F of the analysed size.
    cv::Mat light, structure;
    /// CV_8U; `halved` in between the camera's size and that one.
    cv::Mat halved, small, before, clean, stirring;
    cv::Mat labels, statistics, centres;

    void release() { *this = MotionScratch(); }
};
