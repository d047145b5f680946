#include "opencv_still.h"

#include "opencv_guard.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace {

/// A header over one plane; no copy.
cv::Mat plane(const vedette_picture &picture, int index, int width, int height, int type) {
    return cv::Mat(height, width, type, const_cast<uint8_t *>(picture.planes[index]), picture.strides[index]);
}

/// Cuts a plane and shrinks it to `size`.
cv::Mat shrink(const cv::Mat &source, cv::Size size) {
    if (source.size() == size) return source;
    cv::Mat result;
    cv::resize(source, result, size, 0, 0, cv::INTER_AREA);
    return result;
}

/// Encodes into memory of `out`. 0 on success.
int encode(const cv::Mat &image, int32_t quality, vedette_still *out, char *error, size_t error_size) {
    std::vector<uint8_t> encoded;
    const std::vector<int> options{cv::IMWRITE_JPEG_QUALITY, std::clamp(quality, 1, 100)};
    if (!cv::imencode(".jpg", image, encoded, options) || encoded.empty())
        return fail(error, error_size, "the JPEG encoder gave nothing");
    out->bytes = static_cast<uint8_t *>(std::malloc(encoded.size()));
    if (!out->bytes) return fail(error, error_size, "no memory for the JPEG");
    std::memcpy(out->bytes, encoded.data(), encoded.size());
    out->size = encoded.size();
    out->width = image.cols;
    out->height = image.rows;
    return 0;
}

}  // namespace

int vedette_still_encode(
    const vedette_picture *picture, int32_t x, int32_t y, int32_t width, int32_t height, int32_t longest_side,
    int32_t quality, vedette_still *out, char *error, size_t error_size) {
    return guarded(-1, error, error_size, [&] {
        std::memset(out, 0, sizeof *out);
        if (x < 0 || y < 0 || width < 1 || height < 1 || x + width > picture->width || y + height > picture->height)
            return fail(error, error_size, "the cut lies outside of the picture");
        const double scale = std::min(1.0, static_cast<double>(std::max(longest_side, 1)) / std::max(width, height));
        const cv::Size size(
            std::max(1, static_cast<int>(width * scale + 0.5)), std::max(1, static_cast<int>(height * scale + 0.5)));
        const cv::Rect cut(x, y, width, height);
        const cv::Mat luma = shrink(plane(*picture, 0, picture->width, picture->height, CV_8UC1)(cut), size);

        cv::Mat image;
        if (picture->format == VEDETTE_PIXELS_GRAY8) {
            image = luma;
        } else {
            // Each plane is shrunk on its own and the small ones are converted: far less work than the other order.
            const int chroma_width = (picture->width + 1) / 2, chroma_height = (picture->height + 1) / 2;
            const int left = x / 2, top = y / 2;
            const int right = std::min(chroma_width, std::max(left + 1, (x + width + 1) / 2));
            const int bottom = std::min(chroma_height, std::max(top + 1, (y + height + 1) / 2));
            const cv::Rect chroma_cut(left, top, right - left, bottom - top);
            cv::Mat blue, red;
            const bool enlarge = chroma_cut.width < size.width || chroma_cut.height < size.height;
            const int method = enlarge ? cv::INTER_LINEAR : cv::INTER_AREA;
            if (picture->format == VEDETTE_PIXELS_NV12) {
                cv::Mat both, split[2];
                cv::resize(
                    plane(*picture, 1, chroma_width, chroma_height, CV_8UC2)(chroma_cut), both, size, 0, 0, method);
                cv::split(both, split);
                blue = split[0];
                red = split[1];
            } else {
                cv::resize(
                    plane(*picture, 1, chroma_width, chroma_height, CV_8UC1)(chroma_cut), blue, size, 0, 0, method);
                cv::resize(
                    plane(*picture, 2, chroma_width, chroma_height, CV_8UC1)(chroma_cut), red, size, 0, 0, method);
            }
            // Video luma is 16–235 and chroma 16–240; JPEG wants the full range.
            cv::Mat full_luma, full_blue, full_red, merged;
            luma.convertTo(full_luma, CV_8U, 255.0 / 219.0, -16.0 * 255.0 / 219.0);
            blue.convertTo(full_blue, CV_8U, 255.0 / 224.0, 128.0 - 128.0 * 255.0 / 224.0);
            red.convertTo(full_red, CV_8U, 255.0 / 224.0, 128.0 - 128.0 * 255.0 / 224.0);
            cv::merge(std::vector<cv::Mat>{full_luma, full_red, full_blue}, merged);
            cv::cvtColor(merged, image, cv::COLOR_YCrCb2BGR);
        }

        return encode(image, quality, out, error, error_size);
    });
}

int vedette_still_shrink(
    const uint8_t *jpeg, size_t size, int32_t longest_side, int32_t quality, vedette_still *out, char *error,
    size_t error_size) {
    return guarded(-1, error, error_size, [&] {
        std::memset(out, 0, sizeof *out);
        const cv::Mat bytes(1, static_cast<int>(size), CV_8UC1, const_cast<uint8_t *>(jpeg));
        const cv::Mat image = cv::imdecode(bytes, cv::IMREAD_COLOR);
        if (image.empty()) return fail(error, error_size, "not a JPEG that can be decoded");
        const int longest = std::max(image.cols, image.rows), wanted = std::max(longest_side, 1);
        if (longest <= wanted) return 1;
        const double scale = static_cast<double>(wanted) / longest;
        const cv::Size smaller(
            std::max(1, static_cast<int>(image.cols * scale + 0.5)), std::max(1, static_cast<int>(image.rows * scale + 0.5)));
        return encode(shrink(image, smaller), quality, out, error, error_size);
    });
}

void vedette_still_free(vedette_still *still) {
    std::free(still->bytes);
    still->bytes = nullptr;
    still->size = 0;
}
