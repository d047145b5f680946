// Pipelines, bins, the signals of their elements and the messages of their buses.

#include "gstreamer_shims.h"
#include "say.h"

#include <string.h>

// What is not fatal where G_DEBUG makes criticals so: rtspsrc 1.22 forgets the number of its events before its thread stops, so that an event
// which that thread copies at the moment of closing gets none. Nothing else comes of it.
static gboolean is_fatal(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer unused) {
  return message == NULL || strstr(message, "'seqnum != GST_SEQNUM_INVALID'") == NULL;
}

gboolean cgst_init(char *message, gsize capacity) {
  GError *error = NULL;
  g_test_log_set_fatal_handler(is_fatal, NULL);
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
