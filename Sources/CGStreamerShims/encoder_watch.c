// Keyframes by time, and losses carried over an encoder. Encoders count keyframes in pictures, which a camera of unknown or
// changing rate makes any number of seconds; and GstVideoEncoder does not pass on that a picture follows a gap.

#include "gstreamer_shims.h"

typedef struct {
  gint references;
  GMutex lock;
  GstElement *encoder;  // borrowed: the probes die with its pads
  guint64 interval;
  // Below: under `lock`.
  gboolean has_begun, has_left, has_loss, asks;
  GstClockTime first_in, first_out;
  // When the last keyframe was asked for, and the picture after the loss; times of pictures going in.
  GstClockTime keyframe, loss;
} watch;

static void watch_unref(gpointer data) {
  watch *self = data;
  if (!g_atomic_int_dec_and_test(&self->references)) return;
  g_mutex_clear(&self->lock);
  g_free(self);
}

static void ask(watch *self) {
  // The source pad's event handler stores the wish for the next picture that goes in.
  gst_element_send_event(
      self->encoder, gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
}

// A picture reaches `first`.
static GstPadProbeReturn on_first(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  watch *self = data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  g_mutex_lock(&self->lock);
  // The very first picture is a discontinuity, too, and nothing was lost.
  if (self->has_begun && !self->has_loss && GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT) &&
      GST_BUFFER_PTS_IS_VALID(buffer)) {
    self->has_loss = self->asks = TRUE;
    self->loss = GST_BUFFER_PTS(buffer);
  }
  g_mutex_unlock(&self->lock);
  return GST_PAD_PROBE_OK;
}

// A picture goes into the encoder.
static GstPadProbeReturn on_in(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  watch *self = data;
  const GstClockTime time = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
  if (!GST_CLOCK_TIME_IS_VALID(time)) return GST_PAD_PROBE_OK;
  g_mutex_lock(&self->lock);
  gboolean wanted = FALSE;
  if (!self->has_begun) {
    self->has_begun = TRUE;
    self->first_in = self->keyframe = time;
  } else {
    // Back in time as well: a camera's clock may jump.
    const gboolean due = time >= self->keyframe + self->interval || time + self->interval < self->keyframe;
    wanted = due || self->asks;
    // Not drifting by what each picture is late.
    if (due && time >= self->keyframe && time < self->keyframe + 2 * self->interval) self->keyframe += self->interval;
    else if (wanted) self->keyframe = time;
  }
  self->asks = FALSE;
  g_mutex_unlock(&self->lock);
  if (wanted) ask(self);
  return GST_PAD_PROBE_OK;
}

// An encoded picture comes out, on a timeline that may begin elsewhere.
static GstPadProbeReturn on_out(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  watch *self = data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  if (!GST_BUFFER_PTS_IS_VALID(buffer)) return GST_PAD_PROBE_OK;
  const GstClockTime time = GST_BUFFER_PTS(buffer);
  g_mutex_lock(&self->lock);
  if (!self->has_left) {
    self->has_left = TRUE;
    self->first_out = time;
  }
  const gint64 gone = (gint64)(time - self->first_out), lost = (gint64)(self->loss - self->first_in);
  const gboolean marks = self->has_loss && gone >= lost;
  if (marks) self->has_loss = FALSE;
  g_mutex_unlock(&self->lock);
  if (marks) {
    buffer = gst_buffer_make_writable(buffer);
    GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    GST_PAD_PROBE_INFO_DATA(info) = buffer;
  }
  return GST_PAD_PROBE_OK;
}

static void probe(GstElement *element, const char *name, GstPadProbeCallback callback, watch *self) {
  GstPad *pad = gst_element_get_static_pad(element, name);
  if (pad == NULL) return;
  g_atomic_int_inc(&self->references);
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, callback, self, watch_unref);
  gst_object_unref(pad);
}

void cgst_encoder_watch(GstElement *encoder, GstElement *first, guint64 interval) {
  watch *self = g_new0(watch, 1);
  self->references = 1;
  g_mutex_init(&self->lock);
  self->encoder = encoder;
  self->interval = interval;
  probe(first, "sink", on_first, self);
  probe(encoder, "sink", on_in, self);
  probe(encoder, "src", on_out, self);
  watch_unref(self);
}
