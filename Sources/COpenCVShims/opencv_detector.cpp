#include "opencv_detector.h"

#include "opencv_guard.hpp"

#include <algorithm>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>

struct opencv_picture {
    cv::Mat bgr;
};
struct opencv_network {
    cv::dnn::Net net;
};
struct opencv_people_detector {
    cv::HOGDescriptor hog;
};

opencv_picture *opencv_picture_decode(const uint8_t *jpeg, size_t size, char *error, size_t error_size) {
    return guarded<opencv_picture *>(nullptr, error, error_size, [&]() -> opencv_picture * {
        const cv::Mat bytes(1, static_cast<int>(size), CV_8UC1, const_cast<uint8_t *>(jpeg));
        cv::Mat bgr = cv::imdecode(bytes, cv::IMREAD_COLOR);
        if (bgr.empty()) {
            fail(error, error_size, "not a picture OpenCV can decode");
            return nullptr;
        }
        return new opencv_picture{bgr};
    });
}

void opencv_picture_destroy(opencv_picture *picture) { delete picture; }
int32_t opencv_picture_width(const opencv_picture *picture) { return picture->bgr.cols; }
int32_t opencv_picture_height(const opencv_picture *picture) { return picture->bgr.rows; }

opencv_network *opencv_network_open(const char *path, int32_t threads, char *error, size_t error_size) {
    return guarded<opencv_network *>(nullptr, error, error_size, [&] {
        cv::setNumThreads(threads);
        cv::dnn::Net net = cv::dnn::readNetFromONNX(path);
        net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
        net.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
        return new opencv_network{net};
    });
}

void opencv_network_destroy(opencv_network *network) { delete network; }

int32_t opencv_network_run(
    opencv_network *network, const opencv_tile *tiles, size_t tile_count, int32_t side, int32_t fill, float *output,
    size_t capacity, char *error, size_t error_size) {
    return guarded<int32_t>(-1, error, error_size, [&]() -> int32_t {
        cv::Mat canvas(side, side, CV_8UC3, cv::Scalar::all(fill));
        for (size_t i = 0; i < tile_count; i++) {
            const opencv_tile &tile = tiles[i];
            // cv::Mat::operator() throws where a rectangle leaves its picture.
            const cv::Mat from = tile.picture->bgr(
                cv::Rect(tile.source_x, tile.source_y, tile.source_width, tile.source_height));
            cv::Mat to = canvas(cv::Rect(tile.target_x, tile.target_y, tile.target_width, tile.target_height));
            const bool shrinks = tile.source_width >= tile.target_width;
            cv::resize(from, to, to.size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
        }
        network->net.setInput(cv::dnn::blobFromImage(canvas));
        cv::Mat result = network->net.forward();
        if (result.type() != CV_32F || !result.isContinuous() || result.total() != capacity) {
            fail(error, error_size, "the network's output has an unexpected shape");
            return -1;
        }
        const float *values = result.ptr<float>();
        std::copy(values, values + capacity, output);
        return 0;
    });
}

opencv_people_detector *opencv_people_detector_create(char *error, size_t error_size) {
    return guarded<opencv_people_detector *>(nullptr, error, error_size, [&] {
        auto *detector = new opencv_people_detector;
        try {
            detector->hog.setSVMDetector(cv::HOGDescriptor::getDefaultPeopleDetector());
        } catch (...) {
            delete detector;
            throw;
        }
        return detector;
    });
}

void opencv_people_detector_destroy(opencv_people_detector *detector) { delete detector; }

int32_t opencv_people_detector_run(
    opencv_people_detector *detector, const opencv_picture *picture, opencv_person *people, size_t capacity,
    char *error, size_t error_size) {
    return guarded<int32_t>(-1, error, error_size, [&]() -> int32_t {
        const cv::Size window = detector->hog.winSize;
        if (picture->bgr.cols < window.width || picture->bgr.rows < window.height) return 0;
        std::vector<cv::Rect> found;
        std::vector<double> weights;
        detector->hog.detectMultiScale(picture->bgr, found, weights, 0, cv::Size(8, 8), cv::Size(8, 8), 1.05, 2);
        const size_t count = std::min({found.size(), weights.size(), capacity});
        for (size_t i = 0; i < count; i++) {
            const cv::Rect &box = found[i];
            people[i] = {
                double(box.x), double(box.y), double(box.width), double(box.height), weights[i]};
        }
        return static_cast<int32_t>(count);
    });
}
