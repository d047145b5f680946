// Packets on their way out: dropped, changed or kept back.

#include "gstreamer_rtsp_server_shims.h"
#include "closure.h"

#include <gst/gst.h>
#include <gst/rtsp-server/rtsp-server.h>

typedef struct {
  closure *closure;
  GstBuffer *held;
} packet_filter;

static void free_packet_filter(gpointer data) {
  packet_filter *self = data;
  gst_clear_buffer(&self->held);
  free_closure(self->closure);
  g_free(self);
}

// Takes the packet.
static void filter_packet(packet_filter *self, GstBuffer *packet, GstBufferList *out) {
  guint8 header[8];
  int decision = 0;
  if (gst_buffer_extract(packet, 0, header, sizeof header) == sizeof header) {
    uint32_t timestamp = GST_READ_UINT32_BE(header + 4);
    uint32_t replacement = timestamp;
    decision = ((crtsp_packet)self->closure->function)(timestamp, &replacement, self->closure->context);
    if (replacement != timestamp) {
      packet = gst_buffer_make_writable(packet);
      GST_WRITE_UINT32_BE(header, replacement);
      gst_buffer_fill(packet, 4, header, 4);
    }
  }
  if (decision == 1) {
    gst_buffer_unref(packet);
  } else if (decision == 2 && self->held == NULL) {
    self->held = packet;
  } else {
    gst_buffer_list_add(out, packet);
    if (self->held != NULL) gst_buffer_list_add(out, self->held);
    self->held = NULL;
  }
}

static GstPadProbeReturn filter_packets(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  GstBufferList *out = gst_buffer_list_new();
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST(info);
    for (guint i = 0; i < gst_buffer_list_length(list); i++)
      filter_packet(data, gst_buffer_ref(gst_buffer_list_get(list, i)), out);
    gst_buffer_list_unref(list);
  } else {
    filter_packet(data, GST_PAD_PROBE_INFO_BUFFER(info), out);
  }
  GST_PAD_PROBE_INFO_DATA(info) = NULL;
  GST_PAD_PROBE_INFO_FLOW_RETURN(info) = GST_FLOW_OK;
  GstPad *peer = gst_buffer_list_length(out) > 0 ? gst_pad_get_peer(pad) : NULL;
  if (peer != NULL) {
    GST_PAD_PROBE_INFO_FLOW_RETURN(info) = gst_pad_chain_list(peer, out);
    gst_object_unref(peer);
  } else {
    gst_buffer_list_unref(out);
  }
  return GST_PAD_PROBE_HANDLED;
}

void crtsp_media_on_packet(
    crtsp_media *media, const char *payloader, crtsp_packet on_packet, void *context, crtsp_call destroy) {
  packet_filter *self = g_new0(packet_filter, 1);
  self->closure = new_closure((void (*)(void))on_packet, context, destroy);
  GstElement *bin = gst_rtsp_media_get_element(GST_RTSP_MEDIA(media));
  GstElement *found = bin != NULL ? gst_bin_get_by_name(GST_BIN(bin), payloader) : NULL;
  GstPad *pad = found != NULL ? gst_element_get_static_pad(found, "src") : NULL;
  if (pad != NULL) {
    gst_pad_add_probe(
        pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, filter_packets, self, free_packet_filter);
    gst_object_unref(pad);
  } else {
    free_packet_filter(self);
  }
  if (found != NULL) gst_object_unref(found);
  if (bin != NULL) gst_object_unref(bin);
}

static gboolean keep_field(GQuark field, GValue *unused, gpointer prefix) {
  return !g_str_has_prefix(g_quark_to_string(field), prefix);
}

static GstPadProbeReturn hide_fields(GstPad *pad, GstPadProbeInfo *info, gpointer prefix) {
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return GST_PAD_PROBE_OK;
  GstCaps *caps = NULL;
  gst_event_parse_caps(event, &caps);
  caps = gst_caps_copy(caps);
  gst_structure_filter_and_map_in_place(gst_caps_get_structure(caps, 0), keep_field, prefix);
  GST_PAD_PROBE_INFO_DATA(info) = gst_event_new_caps(caps);
  gst_caps_unref(caps);
  gst_event_unref(event);
  return GST_PAD_PROBE_OK;
}

void crtsp_media_hide_fields(crtsp_media *media, const char *payloader, const char *prefix) {
  GstElement *bin = gst_rtsp_media_get_element(GST_RTSP_MEDIA(media));
  GstElement *found = bin != NULL ? gst_bin_get_by_name(GST_BIN(bin), payloader) : NULL;
  GstPad *pad = found != NULL ? gst_element_get_static_pad(found, "src") : NULL;
  if (pad != NULL) {
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, hide_fields, g_strdup(prefix), g_free);
    gst_object_unref(pad);
  }
  if (found != NULL) gst_object_unref(found);
  if (bin != NULL) gst_object_unref(bin);
}
