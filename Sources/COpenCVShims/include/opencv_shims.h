#pragma once
#if __has_include("opencv_detector.h")
#include "opencv_detector.h"
#endif
#include "opencv_motion.h"
#include "opencv_still.h"
