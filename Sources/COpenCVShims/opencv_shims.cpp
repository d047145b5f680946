#include "opencv_shims.h"
