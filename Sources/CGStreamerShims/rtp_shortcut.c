// A packet over TCP crosses rtpsession, rtpssrcdemux, rtpptdemux and the ghost pads of rtpbin and rtspsrc, a dozen calls and locks that change
// nothing: an eighth of what receiving a camera costs. The first packet goes that way, which builds what is behind; those after
// it that have its source and payload type go straight to what orders them, and from there to the depayloader.
//
// The session then knows of no packets: its receiver reports are empty, which over TCP, where nothing is lost between
// camera and us, say as much; keep-alives are RTSP's. It would also take the source for dead, so that it does not say so any more:
// rtspsrc would end the stream. Whoever receives watches for silence itself.

#include "rtp_shortcut.h"

#include <string.h>

typedef struct {
  GstElement *owner;
  CgstRtpShortcut *shortcut;
  GstPad *sink;
} Route;

static void free_route(gpointer data) {
  Route *route = data;
  gst_object_unref(route->sink);
  gst_object_unref(route->owner);
  g_free(route);
}

// The only source pad of an rtpptdemux, to be given back; NULL for other elements and where there are several.
static GstPad *behind_demux(GstElement *element) {
  GstElementFactory *factory = gst_element_get_factory(element);
  if (!factory || strcmp(GST_OBJECT_NAME(factory), "rtpptdemux") != 0) return NULL;
  GST_OBJECT_LOCK(element);
  GstPad *pad = element->numsrcpads == 1 ? gst_object_ref(element->srcpads->data) : NULL;
  GST_OBJECT_UNLOCK(element);
  return pad;
}

// Where what `src` sends ends up, behind ghost pads and rtpptdemux, to be given back; NULL where nothing takes it.
static GstPad *end_of(GstPad *src) {
  GstPad *peer = gst_pad_get_peer(src);
  while (peer) {
    GstPad *next = NULL;
    if (GST_IS_PROXY_PAD(peer)) {
      next = GST_PAD(gst_proxy_pad_get_internal(GST_PROXY_PAD(peer)));
    } else {
      GstElement *element = gst_pad_get_parent_element(peer);
      next = element ? behind_demux(element) : NULL;
      if (element) gst_object_unref(element);
      if (!next) return peer;
    }
    gst_object_unref(peer);
    if (!next) return NULL;
    peer = gst_pad_get_peer(next);
    gst_object_unref(next);
  }
  return NULL;
}

void cgst_rtp_shortcut_learn(CgstRtpShortcut *self, GstPad *src, const guint8 header[12]) {
  self->payload_type = header[1] & 0x7f;
  self->source = GST_READ_UINT32_BE(header + 8);
  self->end = end_of(src);
}

gboolean cgst_rtp_shortcut_knows(const CgstRtpShortcut *self, const guint8 header[12]) {
  return self->end && (header[1] & 0x7f) == self->payload_type && GST_READ_UINT32_BE(header + 8) == self->source;
}

void cgst_rtp_shortcut_forget(CgstRtpShortcut *self) { gst_clear_object(&self->end); }

static GstPadProbeReturn shorten(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  const Route *route = data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  guint8 header[12];
  if (gst_buffer_extract(buffer, 0, header, sizeof header) != sizeof header ||
      !cgst_rtp_shortcut_knows(route->shortcut, header))
    return GST_PAD_PROBE_OK;
  GST_PAD_PROBE_INFO_DATA(info) = NULL;
  GST_PAD_PROBE_INFO_FLOW_RETURN(info) = gst_pad_chain(route->sink, buffer);
  return GST_PAD_PROBE_HANDLED;
}

// Whoever waits for it no longer hears that a source of `session` has fallen silent. False where there is no such session.
static gboolean mute_timeout(GstElement *bin, guint session) {
  GObject *rtp = NULL;
  if (g_signal_lookup("get-internal-session", G_OBJECT_TYPE(bin)) == 0) return FALSE;
  g_signal_emit_by_name(bin, "get-internal-session", session, &rtp);
  if (!rtp) return FALSE;
  const guint timeout = g_signal_lookup("on-timeout", G_OBJECT_TYPE(rtp));
  gulong handler = 0;
  while (timeout != 0 && (handler = g_signal_handler_find(rtp, G_SIGNAL_MATCH_ID, timeout, 0, NULL, NULL, NULL)) != 0)
    g_signal_handler_disconnect(rtp, handler);
  g_object_unref(rtp);
  return timeout != 0;
}

void cgst_rtp_shortcut_take(GstElement *bin, guint session, GstElement *owner, CgstRtpShortcut *self, GstPad *sink) {
  gchar *name = g_strdup_printf("recv_rtp_sink_%u", session);
  GstPad *entry = gst_element_get_static_pad(bin, name);
  g_free(name);
  if (!entry) return;
  if (mute_timeout(bin, session)) {
    Route *route = g_new0(Route, 1);
    route->owner = gst_object_ref(owner);
    route->sink = gst_object_ref(sink);
    route->shortcut = self;
    gst_pad_add_probe(entry, GST_PAD_PROBE_TYPE_BUFFER, shorten, route, free_route);
  }
  gst_object_unref(entry);
}
