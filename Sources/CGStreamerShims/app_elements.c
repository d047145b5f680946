// What the program takes out of pipelines (appsink) and puts into them (appsrc).

#include "gstreamer_shims.h"

typedef struct {
  cgst_wake wake;
  gpointer context;
  GDestroyNotify destroy;
} Waker;

static Waker *waker_new(cgst_wake wake, gpointer context, GDestroyNotify destroy) {
  Waker *waker = g_new(Waker, 1);
  *waker = (Waker){wake, context, destroy};
  return waker;
}

static void waker_free(gpointer data) {
  Waker *waker = data;
  waker->destroy(waker->context);
  g_free(waker);
}

static GstFlowReturn on_new_sample(GstAppSink *sink, gpointer data) {
  Waker *waker = data;
  waker->wake(waker->context);
  return GST_FLOW_OK;
}

static void on_eos(GstAppSink *sink, gpointer data) {
  Waker *waker = data;
  waker->wake(waker->context);
}

gboolean cgst_app_sink_on_sample(GstElement *sink, cgst_wake wake, gpointer context, GDestroyNotify destroy) {
  if (!GST_IS_APP_SINK(sink)) return FALSE;
  GstAppSinkCallbacks callbacks = {.eos = on_eos, .new_sample = on_new_sample};
  gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, waker_new(wake, context, destroy), waker_free);
  return TRUE;
}

static GstPadProbeReturn on_query(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY(info);
  if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION) return GST_PAD_PROBE_OK;
  gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL);
  return GST_PAD_PROBE_HANDLED;
}

void cgst_app_sink_offer_video_meta(GstElement *sink) {
  GstPad *pad = gst_element_get_static_pad(sink, "sink");
  if (pad == NULL) return;
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, on_query, NULL, NULL);
  gst_object_unref(pad);
}

static void on_need_data(GstAppSrc *source, guint length, gpointer data) {
  Waker *waker = data;
  waker->wake(waker->context);
}

gboolean cgst_app_source_on_need(GstElement *source, cgst_wake wake, gpointer context, GDestroyNotify destroy) {
  if (!GST_IS_APP_SRC(source)) return FALSE;
  GstAppSrcCallbacks callbacks = {.need_data = on_need_data};
  gst_app_src_set_callbacks(GST_APP_SRC(source), &callbacks, waker_new(wake, context, destroy), waker_free);
  return TRUE;
}

gboolean cgst_is_app_sink(GstElement *element) { return GST_IS_APP_SINK(element); }

gboolean cgst_is_app_source(GstElement *element) { return GST_IS_APP_SRC(element); }

GstSample *cgst_app_sink_try_pull(GstElement *sink) { return gst_app_sink_try_pull_sample(GST_APP_SINK(sink), 0); }

gboolean cgst_app_sink_is_eos(GstElement *sink) {
  // GStreamer says so of a sink that has not started, too, which it does on the way to READY, before anything can come: a camera's sound, which
  // may come first, would end its pictures.
  return GST_STATE(sink) != GST_STATE_NULL && gst_app_sink_is_eos(GST_APP_SINK(sink));
}

GstFlowReturn cgst_app_source_push(GstElement *source, GstBuffer *buffer) {
  return gst_app_src_push_buffer(GST_APP_SRC(source), buffer);
}

GstFlowReturn cgst_app_source_push_from(GstElement *source, GstBuffer *buffer, GstClockTime origin) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = origin;
  GstSample *sample = gst_sample_new(buffer, NULL, &segment, NULL);
  gst_buffer_unref(buffer);
  GstFlowReturn result = gst_app_src_push_sample(GST_APP_SRC(source), sample);
  gst_sample_unref(sample);
  return result;
}

GstFlowReturn cgst_app_source_end(GstElement *source) { return gst_app_src_end_of_stream(GST_APP_SRC(source)); }

guint64 cgst_app_source_level_bytes(GstElement *source) {
  return gst_app_src_get_current_level_bytes(GST_APP_SRC(source));
}
