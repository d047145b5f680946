#pragma once
#include "opencv_detector.h"
#include "opencv_motion.h"
#include "opencv_still.h"
