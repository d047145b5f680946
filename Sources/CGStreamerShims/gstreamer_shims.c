#include "gstreamer_shims.h"

#include <string.h>

static void say(char *message, gsize capacity, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void say(char *message, gsize capacity, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  g_vsnprintf(message, capacity, format, arguments);
  va_end(arguments);
}

gboolean cgst_init(char *message, gsize capacity) {
  GError *error = NULL;
  if (gst_init_check(NULL, NULL, &error)) return TRUE;
  say(message, capacity, "%s", error ? error->message : "unknown reason");
  g_clear_error(&error);
  return FALSE;
}

GstElement *cgst_pipeline_parse(const char *description, char *message, gsize capacity) {
  GError *error = NULL;
  GstElement *element = gst_parse_launch_full(description, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  if (error != NULL || element == NULL) {
    say(message, capacity, "%s", error ? error->message : "unknown reason");
    g_clear_error(&error);
    if (element != NULL) gst_object_unref(gst_object_ref_sink(element));
    return NULL;
  }
  gst_object_ref_sink(element);
  if (GST_IS_PIPELINE(element)) return element;
  GstElement *pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
  gst_bin_add(GST_BIN(pipeline), element);
  gst_object_unref(element);
  return pipeline;
}

GstElement *cgst_bin_parse(const char *description, char *message, gsize capacity) {
  GError *error = NULL;
  GstElement *element =
      gst_parse_bin_from_description_full(description, TRUE, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  if (error == NULL && element != NULL) return element;
  say(message, capacity, "%s", error ? error->message : "unknown reason");
  g_clear_error(&error);
  if (element != NULL) gst_object_unref(gst_object_ref_sink(element));
  return NULL;
}

GstElement *cgst_bin_get(GstElement *bin, const char *name) {
  if (!GST_IS_BIN(bin)) return NULL;
  return gst_bin_get_by_name(GST_BIN(bin), name);
}

gboolean cgst_bin_add_running(GstElement *bin, GstElement *child, char *message, gsize capacity) {
  if (!GST_IS_BIN(bin) || !gst_bin_add(GST_BIN(bin), child)) {
    say(message, capacity, "the pipeline does not take the element");
    return FALSE;
  }
  if (gst_element_sync_state_with_parent(child)) return TRUE;
  say(message, capacity, "the element does not start");
  gst_element_set_state(child, GST_STATE_NULL);
  gst_bin_remove(GST_BIN(bin), child);
  return FALSE;
}

gboolean cgst_link_to_sink(GstPad *source, GstElement *element, char *message, gsize capacity) {
  GstPad *sink = gst_element_get_static_pad(element, "sink");
  if (sink == NULL) {
    say(message, capacity, "the element has no pad named sink");
    return FALSE;
  }
  GstPadLinkReturn result = gst_pad_link(source, sink);
  gst_object_unref(sink);
  if (!GST_PAD_LINK_FAILED(result)) return TRUE;
  say(message, capacity, "%s", gst_pad_link_get_name(result));
  return FALSE;
}

const char *cgst_factory_name(GstElement *element) {
  GstElementFactory *factory = gst_element_get_factory(element);
  return factory ? GST_OBJECT_NAME(factory) : NULL;
}

GstBus *cgst_pipeline_bus(GstElement *pipeline) { return gst_pipeline_get_bus(GST_PIPELINE(pipeline)); }

void cgst_ref(gpointer object) { gst_object_ref(object); }

void cgst_unref(gpointer object) { gst_object_unref(object); }

// The property's description when it can be set, else NULL and a message.
static GParamSpec *writable(gpointer object, const char *name, char *message, gsize capacity) {
  GParamSpec *property = g_object_class_find_property(G_OBJECT_GET_CLASS(object), name);
  if (property == NULL) {
    say(message, capacity, "there is no property of that name");
    return NULL;
  }
  if (!(property->flags & G_PARAM_WRITABLE)) {
    say(message, capacity, "the property is read-only");
    return NULL;
  }
  return property;
}

// Transforms `value` to the property's type and sets it; takes over (unsets) `value`.
static gboolean set_value(gpointer object, const char *name, GValue *value, char *message, gsize capacity) {
  GParamSpec *property = writable(object, name, message, capacity);
  gboolean done = FALSE;
  if (property != NULL) {
    GValue fitted = G_VALUE_INIT;
    g_value_init(&fitted, G_PARAM_SPEC_VALUE_TYPE(property));
    // A number that does not fit is cut by the transformation without a word, so it is turned back and compared.
    GValue back = G_VALUE_INIT;
    g_value_init(&back, G_VALUE_TYPE(value));
    if (!g_value_transform(value, &fitted)) {
      say(message, capacity, "the property is a %s", G_PARAM_SPEC_TYPE_NAME(property));
    } else if (
        g_value_type_transformable(G_VALUE_TYPE(&fitted), G_VALUE_TYPE(&back)) &&
        !(g_value_transform(&fitted, &back) && gst_value_compare(value, &back) == GST_VALUE_EQUAL)) {
      say(message, capacity, "the value is outside of the property's type");
    } else if (g_param_value_validate(property, &fitted)) {
      say(message, capacity, "the value is outside of the property's bounds");
    } else {
      g_object_set_property(G_OBJECT(object), name, &fitted);
      done = TRUE;
    }
    g_value_unset(&fitted);
    g_value_unset(&back);
  }
  g_value_unset(value);
  return done;
}

gboolean cgst_set_text(gpointer object, const char *name, const char *value, char *message, gsize capacity) {
  GParamSpec *property = writable(object, name, message, capacity);
  if (property == NULL) return FALSE;
  if (G_PARAM_SPEC_VALUE_TYPE(property) == G_TYPE_STRING) {
    g_object_set(object, name, value, NULL);
    return TRUE;
  }
  GValue parsed = G_VALUE_INIT;
  g_value_init(&parsed, G_PARAM_SPEC_VALUE_TYPE(property));
  gboolean done = gst_value_deserialize(&parsed, value);
  if (done)
    g_object_set_property(G_OBJECT(object), name, &parsed);
  else
    say(message, capacity, "the value is not one of a %s", G_PARAM_SPEC_TYPE_NAME(property));
  g_value_unset(&parsed);
  return done;
}

gboolean cgst_set_integer(gpointer object, const char *name, gint64 value, char *message, gsize capacity) {
  GValue holder = G_VALUE_INIT;
  g_value_init(&holder, G_TYPE_INT64);
  g_value_set_int64(&holder, value);
  return set_value(object, name, &holder, message, capacity);
}

gboolean cgst_set_unsigned(gpointer object, const char *name, guint64 value, char *message, gsize capacity) {
  GValue holder = G_VALUE_INIT;
  g_value_init(&holder, G_TYPE_UINT64);
  g_value_set_uint64(&holder, value);
  return set_value(object, name, &holder, message, capacity);
}

gboolean cgst_set_real(gpointer object, const char *name, gdouble value, char *message, gsize capacity) {
  GValue holder = G_VALUE_INIT;
  g_value_init(&holder, G_TYPE_DOUBLE);
  g_value_set_double(&holder, value);
  return set_value(object, name, &holder, message, capacity);
}

gboolean cgst_set_boolean(gpointer object, const char *name, gboolean value, char *message, gsize capacity) {
  GValue holder = G_VALUE_INIT;
  g_value_init(&holder, G_TYPE_BOOLEAN);
  g_value_set_boolean(&holder, value);
  return set_value(object, name, &holder, message, capacity);
}

gboolean cgst_set_caps(gpointer object, const char *name, GstCaps *value, char *message, gsize capacity) {
  GParamSpec *property = writable(object, name, message, capacity);
  if (property == NULL) return FALSE;
  if (G_PARAM_SPEC_VALUE_TYPE(property) != GST_TYPE_CAPS) {
    say(message, capacity, "the property is a %s", G_PARAM_SPEC_TYPE_NAME(property));
    return FALSE;
  }
  g_object_set(object, name, value, NULL);
  return TRUE;
}

gboolean cgst_get_unsigned(GstElement *element, const char *name, guint64 *value) {
  GParamSpec *property = g_object_class_find_property(G_OBJECT_GET_CLASS(element), name);
  if (property == NULL || !(property->flags & G_PARAM_READABLE)) return FALSE;
  if (!g_value_type_transformable(G_PARAM_SPEC_VALUE_TYPE(property), G_TYPE_UINT64)) return FALSE;
  GValue holder = G_VALUE_INIT;
  g_value_init(&holder, G_TYPE_UINT64);
  g_object_get_property(G_OBJECT(element), name, &holder);
  *value = g_value_get_uint64(&holder);
  g_value_unset(&holder);
  return TRUE;
}

// Signals. A GClosureNotify has one argument more than a GDestroyNotify; calling through the cast is what GLib's own
// g_signal_connect_data users do, and is sound in every C ABI that GLib supports.

void cgst_on_pad_added(GstElement *element, cgst_pad_added callback, gpointer context, GDestroyNotify destroy) {
  g_signal_connect_data(element, "pad-added", G_CALLBACK(callback), context, (GClosureNotify)(void (*)(void))destroy, 0);
}

void cgst_on_select_stream(
    GstElement *element, cgst_select_stream callback, gpointer context, GDestroyNotify destroy) {
  g_signal_connect_data(
      element, "select-stream", G_CALLBACK(callback), context, (GClosureNotify)(void (*)(void))destroy, 0);
}

void cgst_on_no_more_pads(GstElement *element, cgst_no_more_pads callback, gpointer context, GDestroyNotify destroy) {
  g_signal_connect_data(
      element, "no-more-pads", G_CALLBACK(callback), context, (GClosureNotify)(void (*)(void))destroy, 0);
}

typedef struct {
  cgst_judge_certificate judge;
  gpointer context;
  GDestroyNotify destroy;
} Judge;

// The types of GIO's objects are not needed here, and so neither is its library.
static gboolean on_accept_certificate(
    GstElement *source, GObject *connection, GObject *certificate, guint flaws, gpointer data) {
  Judge *judge = data;
  GByteArray *bytes = NULL;
  g_object_get(certificate, "certificate", &bytes, NULL);
  if (bytes == NULL) return FALSE;
  gchar *sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes->data, bytes->len);
  g_byte_array_unref(bytes);
  const gboolean takes = judge->judge(sha256, flaws, judge->context);
  g_free(sha256);
  return takes;
}

static void judge_free(gpointer data, GClosure *unused) {
  Judge *judge = data;
  judge->destroy(judge->context);
  g_free(judge);
}

void cgst_on_accept_certificate(
    GstElement *source, cgst_judge_certificate judge, gpointer context, GDestroyNotify destroy) {
  Judge *self = g_new(Judge, 1);
  *self = (Judge){judge, context, destroy};
  g_signal_connect_data(source, "accept-certificate", G_CALLBACK(on_accept_certificate), self, judge_free, 0);
}

void cgst_flush_pad(GstPad *pad) { gst_pad_push_event(pad, gst_event_new_flush_start()); }

static gboolean flush(GstElement *element, GstPad *pad, gpointer unused) {
  cgst_flush_pad(pad);
  return TRUE;
}

void cgst_flush_sources(GstElement *element) { gst_element_foreach_src_pad(element, flush, NULL); }

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

gboolean cgst_app_sink_is_eos(GstElement *sink) { return gst_app_sink_is_eos(GST_APP_SINK(sink)); }

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

GstClockTime cgst_buffer_pts(GstBuffer *buffer) { return GST_BUFFER_PTS(buffer); }
GstClockTime cgst_buffer_dts(GstBuffer *buffer) { return GST_BUFFER_DTS(buffer); }
GstClockTime cgst_buffer_duration(GstBuffer *buffer) { return GST_BUFFER_DURATION(buffer); }

gboolean cgst_buffer_has_flag(GstBuffer *buffer, guint flag) { return GST_BUFFER_FLAG_IS_SET(buffer, flag); }

GstBuffer *cgst_buffer_copy_timed(GstBuffer *buffer, GstClockTime pts, GstClockTime dts, GstClockTime duration) {
  GstBuffer *copy = gst_buffer_copy(buffer);
  if (copy == NULL) return NULL;
  GST_BUFFER_PTS(copy) = pts;
  GST_BUFFER_DTS(copy) = dts;
  GST_BUFFER_DURATION(copy) = duration;
  return copy;
}

void cgst_buffer_set_flag(GstBuffer *buffer, guint flag, gboolean on) {
  if (on)
    GST_BUFFER_FLAG_SET(buffer, flag);
  else
    GST_BUFFER_FLAG_UNSET(buffer, flag);
}

GstBuffer *cgst_buffer_copy_of(const void *bytes, gsize size) {
  GstBuffer *buffer = gst_buffer_new_allocate(NULL, size, NULL);
  if (buffer != NULL && size > 0) gst_buffer_fill(buffer, 0, bytes, size);
  return buffer;
}

GstBuffer *cgst_buffer_ref(GstBuffer *buffer) { return gst_buffer_ref(buffer); }
void cgst_buffer_unref(GstBuffer *buffer) { gst_buffer_unref(buffer); }
GstSample *cgst_sample_ref(GstSample *sample) { return gst_sample_ref(sample); }
void cgst_sample_unref(GstSample *sample) { gst_sample_unref(sample); }

gboolean cgst_sample_running_time(GstSample *sample, GstClockTime time, gint64 *result) {
  GstSegment *segment = gst_sample_get_segment(sample);
  if (segment == NULL || segment->format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID(time)) return FALSE;
  guint64 distance = 0;
  int sign = gst_segment_to_running_time_full(segment, GST_FORMAT_TIME, time, &distance);
  if (sign == 0 || distance > G_MAXINT64) return FALSE;
  *result = sign < 0 ? -(gint64)distance : (gint64)distance;
  return TRUE;
}

GstCaps *cgst_caps_ref(GstCaps *caps) { return gst_caps_ref(caps); }
void cgst_caps_unref(GstCaps *caps) { gst_caps_unref(caps); }

GstBuffer *cgst_value_buffer(const GValue *value) {
  return GST_VALUE_HOLDS_BUFFER(value) ? gst_value_get_buffer(value) : NULL;
}

typedef struct {
  cgst_receive receive;
  gpointer context;
  GDestroyNotify destroy;
} Receiver;

static void receiver_free(gpointer data) {
  Receiver *receiver = data;
  receiver->destroy(receiver->context);
  g_free(receiver);
}

static GstBusSyncReply on_message(GstBus *bus, GstMessage *message, gpointer data) {
  const guint kept = GST_MESSAGE_ERROR | GST_MESSAGE_WARNING | GST_MESSAGE_EOS;
  if (GST_MESSAGE_TYPE(message) & kept) {
    Receiver *receiver = data;
    GError *error = NULL;
    gchar *debug = NULL;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) gst_message_parse_error(message, &error, &debug);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING) gst_message_parse_warning(message, &error, &debug);
    GstObject *source = GST_MESSAGE_SRC(message);
    GstElementFactory *factory =
        source != NULL && GST_IS_ELEMENT(source) ? gst_element_get_factory(GST_ELEMENT(source)) : NULL;
    cgst_message unpacked = {
        .type = GST_MESSAGE_TYPE(message),
        .source = source != NULL ? GST_OBJECT_NAME(source) : "",
        .factory = factory != NULL ? GST_OBJECT_NAME(factory) : "",
        .domain = error != NULL ? g_quark_to_string(error->domain) : "",
        .code = error != NULL ? error->code : 0,
        .text = error != NULL ? error->message : "",
        .debug = debug != NULL ? debug : "",
    };
    receiver->receive(&unpacked, receiver->context);
    g_clear_error(&error);
    g_free(debug);
  }
  gst_message_unref(message);
  return GST_BUS_DROP;
}

void cgst_bus_on_message(GstBus *bus, cgst_receive receive, gpointer context, GDestroyNotify destroy) {
  Receiver *receiver = g_new(Receiver, 1);
  *receiver = (Receiver){receive, context, destroy};
  gst_bus_set_sync_handler(bus, on_message, receiver, receiver_free);
}

void cgst_bus_silence(GstBus *bus) { gst_bus_set_sync_handler(bus, NULL, NULL, NULL); }

gboolean cgst_video_frame_map(cgst_video_frame *result, GstCaps *caps, GstBuffer *buffer) {
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, caps)) return FALSE;
  if (!gst_video_frame_map(&result->frame, &info, buffer, GST_MAP_READ | GST_VIDEO_FRAME_MAP_FLAG_NO_REF))
    return FALSE;
  result->format = GST_VIDEO_FRAME_FORMAT(&result->frame);
  result->width = GST_VIDEO_FRAME_WIDTH(&result->frame);
  result->height = GST_VIDEO_FRAME_HEIGHT(&result->frame);
  result->plane_count = (int)GST_VIDEO_FRAME_N_PLANES(&result->frame);
  return TRUE;
}

const void *cgst_video_frame_plane(const cgst_video_frame *frame, int plane) {
  return GST_VIDEO_FRAME_PLANE_DATA(&frame->frame, plane);
}

int cgst_video_frame_stride(const cgst_video_frame *frame, int plane) {
  return GST_VIDEO_FRAME_PLANE_STRIDE(&frame->frame, plane);
}

void cgst_video_frame_unmap(cgst_video_frame *frame) { gst_video_frame_unmap(&frame->frame); }
