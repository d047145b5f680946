// A medium that clients watch, and what is put into its sources.

#include "gstreamer_rtsp_server_shims.h"
#include "closure.h"

#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/rtsp-server/rtsp-server.h>
#include <string.h>

static void media_new_state(GstRTSPMedia *media, gint state, gpointer data) {
  closure *self = data;
  ((crtsp_media_state)self->function)(state, self->context);
}

static void media_unprepared(GstRTSPMedia *media, gpointer data) { media_new_state(media, 0, data); }

void crtsp_media_on_state(
    crtsp_media *media, crtsp_media_state on_state, void *context, crtsp_call destroy) {
  closure *self = new_closure((void (*)(void))on_state, context, destroy);
  g_object_set_data_full(G_OBJECT(media), "crtsp-on-state", self, free_closure);
  g_signal_connect(media, "new-state", G_CALLBACK(media_new_state), self);
  g_signal_connect(media, "unprepared", G_CALLBACK(media_unprepared), self);
}

static void send_at_once(GObject *element, GParamSpec *unused, gpointer unused_too) {
  gboolean sync = FALSE;
  g_object_get(element, "sync", &sync, NULL);
  if (sync) g_object_set(element, "sync", FALSE, NULL);
}

static void element_added(GstBin *pipeline, GstBin *parent, GstElement *element, gpointer unused) {
  GstElementFactory *factory = gst_element_get_factory(element);
  const gchar *name = factory != NULL ? GST_OBJECT_NAME(factory) : "";
  if (strcmp(name, "appsink") == 0 || strcmp(name, "multiudpsink") == 0) {
    // The server sets it again with every PLAY (gst_rtsp_stream_set_rate_control).
    g_signal_connect(element, "notify::sync", G_CALLBACK(send_at_once), NULL);
    send_at_once(G_OBJECT(element), NULL, NULL);
  }
}

void crtsp_media_send_at_once(crtsp_media *media) {
  GstElement *bin = gst_rtsp_media_get_element(GST_RTSP_MEDIA(media));
  if (bin == NULL) return;
  GstObject *pipeline = gst_object_get_parent(GST_OBJECT(bin));
  if (pipeline != NULL) {
    g_signal_connect(pipeline, "deep-element-added", G_CALLBACK(element_added), NULL);
    gst_object_unref(pipeline);
  }
  gst_object_unref(bin);
}

crtsp_source *crtsp_media_source(crtsp_media *media, const char *name) {
  GstElement *bin = gst_rtsp_media_get_element(GST_RTSP_MEDIA(media));
  if (bin == NULL) return NULL;
  GstElement *found = gst_bin_get_by_name(GST_BIN(bin), name);
  gst_object_unref(bin);
  if (found != NULL && !GST_IS_APP_SRC(found)) {
    gst_object_unref(found);
    found = NULL;
  }
  return (crtsp_source *)found;
}

void crtsp_source_unref(crtsp_source *source) { gst_object_unref(source); }

bool crtsp_source_set_caps(crtsp_source *source, const char *text) {
  GstCaps *caps = gst_caps_from_string(text);
  if (caps == NULL) return false;
  gst_app_src_set_caps(GST_APP_SRC(source), caps);
  gst_caps_unref(caps);
  return true;
}

static void source_need(GstAppSrc *source, guint length, gpointer data) { call(data); }

void crtsp_source_on_need(crtsp_source *source, crtsp_call need, void *context, crtsp_call destroy) {
  GstAppSrcCallbacks callbacks = {.need_data = source_need};
  gst_app_src_set_callbacks(
      GST_APP_SRC(source), &callbacks, new_closure((void (*)(void))need, context, destroy), free_closure);
}

static bool push(crtsp_source *source, GstBuffer *buffer, int64_t presentation, int64_t duration, bool is_delta) {
  GST_BUFFER_PTS(buffer) = (GstClockTime)presentation;
  GST_BUFFER_DURATION(buffer) = duration > 0 ? (GstClockTime)duration : GST_CLOCK_TIME_NONE;
  if (is_delta) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  return gst_app_src_push_buffer(GST_APP_SRC(source), buffer) == GST_FLOW_OK;
}

bool crtsp_source_push_shared(
    crtsp_source *source, const void *bytes, size_t count, int64_t presentation, int64_t duration, bool is_delta,
    void *owner, crtsp_call release) {
  GstBuffer *buffer = gst_buffer_new_wrapped_full(
      GST_MEMORY_FLAG_READONLY, (gpointer)bytes, count, 0, count, owner, release);
  return push(source, buffer, presentation, duration, is_delta);
}

bool crtsp_source_push_copy(
    crtsp_source *source, const void *bytes, size_t count, int64_t presentation, int64_t duration, bool is_delta) {
  GstBuffer *buffer = gst_buffer_new_memdup(bytes, count);
  return push(source, buffer, presentation, duration, is_delta);
}

void crtsp_source_end(crtsp_source *source) { gst_app_src_end_of_stream(GST_APP_SRC(source)); }

uint64_t crtsp_source_queued_bytes(crtsp_source *source) {
  return gst_app_src_get_current_level_bytes(GST_APP_SRC(source));
}
