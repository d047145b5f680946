// What a V4L2 capture device is and offers: the ioctls are macros with structs of unions, which Swift does not import.

#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "gstreamer_shims.h"

// A driver that never says "no more" does not hold us.
#define MOST_FORMATS 64
#define MOST_SIZES 128
#define MOST_INTERVALS 128

// For devices that take any size or rate between two limits.
static const guint usual_sizes[][2] = {{320, 240},  {640, 480},   {800, 600},   {1280, 720},
                                       {1280, 960}, {1920, 1080}, {2560, 1440}, {3840, 2160}};
static const guint usual_rates[] = {5, 10, 15, 20, 25, 30, 50, 60};

typedef struct {
  int descriptor;
  cgst_capture_mode callback;
  gpointer context;
} capture;

static int request(int descriptor, unsigned long number, void *argument) {
  int result;
  do result = ioctl(descriptor, number, argument);
  while (result < 0 && errno == EINTR);
  return result;
}

static gboolean lies_between(struct v4l2_fract low, struct v4l2_fract high, guint rate) {
  // Intervals: 1/rate is not below `low` and not above `high`.
  return (guint64)low.numerator * rate <= low.denominator && (guint64)high.numerator * rate >= high.denominator;
}

static void list_rates(capture *self, guint32 format, guint width, guint height) {
  struct v4l2_frmivalenum interval = {.pixel_format = format, .width = width, .height = height};
  for (interval.index = 0; interval.index < MOST_INTERVALS; interval.index++) {
    if (request(self->descriptor, VIDIOC_ENUM_FRAMEINTERVALS, &interval) < 0) break;
    if (interval.type == V4L2_FRMIVAL_TYPE_DISCRETE) {
      if (interval.discrete.numerator > 0 && interval.discrete.denominator > 0)
        self->callback(
            format, width, height, interval.discrete.denominator, interval.discrete.numerator, self->context);
      continue;
    }
    for (guint i = 0; i < G_N_ELEMENTS(usual_rates); i++)
      if (lies_between(interval.stepwise.min, interval.stepwise.max, usual_rates[i]))
        self->callback(format, width, height, usual_rates[i], 1, self->context);
    return;
  }
  // The driver does not say.
  if (interval.index == 0) self->callback(format, width, height, 0, 1, self->context);
}

static gboolean fits(guint value, guint low, guint high, guint step) {
  return value >= low && value <= high && (step <= 1 || (value - low) % step == 0);
}

static void list_sizes(capture *self, guint32 format) {
  struct v4l2_frmsizeenum size = {.pixel_format = format};
  for (size.index = 0; size.index < MOST_SIZES; size.index++) {
    if (request(self->descriptor, VIDIOC_ENUM_FRAMESIZES, &size) < 0) return;
    if (size.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
      list_rates(self, format, size.discrete.width, size.discrete.height);
      continue;
    }
    const struct v4l2_frmsize_stepwise *any = &size.stepwise;
    for (guint i = 0; i < G_N_ELEMENTS(usual_sizes); i++)
      if (fits(usual_sizes[i][0], any->min_width, any->max_width, any->step_width) &&
          fits(usual_sizes[i][1], any->min_height, any->max_height, any->step_height))
        list_rates(self, format, usual_sizes[i][0], usual_sizes[i][1]);
    return;
  }
}

int cgst_capture_look(const char *path, cgst_capture_info *info, cgst_capture_mode callback, gpointer context) {
  const int descriptor = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return errno;
  struct v4l2_capability capability = {0};
  int failure = request(descriptor, VIDIOC_QUERYCAP, &capability) < 0 ? errno : 0;
  if (failure == 0) {
    const guint32 able =
        capability.capabilities & V4L2_CAP_DEVICE_CAPS ? capability.device_caps : capability.capabilities;
    const gboolean planes = (able & V4L2_CAP_VIDEO_CAPTURE_MPLANE) != 0;
    // A webcam's second node holds its metadata; a codec's takes pictures before it gives any.
    if (!(able & V4L2_CAP_VIDEO_CAPTURE) && !planes) failure = ENOTTY;
    if (able & (V4L2_CAP_VIDEO_M2M | V4L2_CAP_VIDEO_M2M_MPLANE)) failure = ENOTTY;
    if (failure == 0) {
      g_strlcpy(info->name, (const char *)capability.card, sizeof info->name);
      g_strlcpy(info->driver, (const char *)capability.driver, sizeof info->driver);
      g_strlcpy(info->bus, (const char *)capability.bus_info, sizeof info->bus);
      capture self = {descriptor, callback, context};
      struct v4l2_fmtdesc format = {
          .type = planes ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE};
      for (format.index = 0; format.index < MOST_FORMATS; format.index++) {
        if (request(descriptor, VIDIOC_ENUM_FMT, &format) < 0) break;
        // What a library would have to make of another format is none of the device's.
        if (!(format.flags & V4L2_FMT_FLAG_EMULATED)) list_sizes(&self, format.pixelformat);
      }
    }
  }
  close(descriptor);
  return failure;
}
