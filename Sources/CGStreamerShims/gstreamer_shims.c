#include "gstreamer_shims.h"
