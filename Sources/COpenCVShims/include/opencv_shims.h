#pragma once
#include "opencv_detector.h"
