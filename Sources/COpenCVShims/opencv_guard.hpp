#pragma once

#include <cstddef>
#include <cstdio>
#include <exception>

/// What went wrong, cut to `size` bytes with the NUL; -1.
inline int fail(char *error, std::size_t size, const char *what) {
    if (error && size) std::snprintf(error, size, "%s", what);
    return -1;
}

/// Runs `body`, for C: an exception becomes its text and the value `failed`.
template <typename Result, typename Body>
Result guarded(Result failed, char *error, std::size_t size, Body body) {
    try {
        return body();
    } catch (const std::exception &exception) {
        fail(error, size, exception.what());
    } catch (...) {
        fail(error, size, "an unknown error in OpenCV");
    }
    return failed;
}
