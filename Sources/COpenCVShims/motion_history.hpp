#pragma once

#include <deque>
#include <opencv2/core.hpp>
#include <utility>

/// Pictures of the recent past, at most one per tenth of `age`. Buffers are used again.
class History {
  public:
    explicit History(double age) : age(age) {}

    void clear() { entries.clear(); }

    /// Gives back what is kept to be used again.
    void rest() { spare.release(); }

    /// The newest picture that is at least `age` old, else the oldest; forgets what is older than that.
    const cv::Mat *recall(double now) {
        while (entries.size() > 1 && now - entries[1].seconds >= age - 1e-3) {
            spare = entries.front().image;
            entries.pop_front();
        }
        return entries.empty() ? nullptr : &entries.front().image;
    }

    /// Keeps a copy.
    void remember(double seconds, const cv::Mat &image) {
        if (entries.size() > 1 && seconds - entries.back().seconds < age / 10) return;
        cv::Mat copy = std::move(spare);
        image.copyTo(copy);
        entries.push_back({seconds, copy});
    }

  private:
    struct Entry {
        double seconds;
        cv::Mat image;
    };
    double age;
    std::deque<Entry> entries;
    cv::Mat spare;
};
