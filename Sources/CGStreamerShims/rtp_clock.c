// An element in place of rtpjitterbuffer for RTP over TCP: gives each packet the time that its RTP timestamp says, in the
// thread that received it. rtpjitterbuffer hands every packet to a thread of its own, which is a third of what receiving a
// camera costs.
//
// TCP keeps the order, but what relays a camera may have mixed it: behind a gap up to 15 packets wait for the missing one.
//
// Times are those of rtpjitterbuffer's mode "none": running time at the first packet, then the distances of the RTP
// timestamps, extended over their wrap; after a jump of more than three seconds, running time anew.

#include "gstreamer_shims.h"
#include "rtp_shortcut.h"

#include <string.h>

enum {
  // Packets that wait for a missing one before it is given up.
  MOST_HELD = 15,
  // A sequence number further from the expected one is of a new sequence.
  MOST_DISTANCE = 1000,
};

typedef struct {
  GstElement parent;
  GstPad *sink, *src;
  // Under the stream lock of `sink`.
  guint clock_rate;
  gboolean has_base;
  // Expected next, where there is a sequence.
  gboolean has_sequence;
  guint16 next;
  // Behind a gap, in order.
  GstBuffer *held[MOST_HELD + 1];
  guint held_count;
  guint32 last;
  // Ticks since the packet whose time is `base`; below zero for pictures that are shown before it.
  gint64 ticks;
  GstClockTime base;
  CgstRtpShortcut shortcut;
} CgstRtpClock;

typedef struct {
  GstElementClass parent;
} CgstRtpClockClass;

enum { PROP_LATENCY = 1 };

G_DEFINE_TYPE(CgstRtpClock, cgst_rtp_clock, GST_TYPE_ELEMENT)

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("application/x-rtp"));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("application/x-rtp"));

static GstClockTime running_time(CgstRtpClock *self) {
  GstClock *clock = gst_element_get_clock(GST_ELEMENT(self));
  if (!clock) return 0;
  const GstClockTime now = gst_clock_get_time(clock);
  gst_object_unref(clock);
  const GstClockTime base = gst_element_get_base_time(GST_ELEMENT(self));
  return now > base ? now - base : 0;
}

static guint16 sequence_of(GstBuffer *buffer) {
  guint8 bytes[2] = {0, 0};
  gst_buffer_extract(buffer, 2, bytes, sizeof bytes);
  return GST_READ_UINT16_BE(bytes);
}

static GstFlowReturn emit(CgstRtpClock *self, GstBuffer *buffer) {
  guint8 header[12] = {0};
  const gboolean is_whole = gst_buffer_extract(buffer, 0, header, sizeof header) == sizeof header;
  self->next = GST_READ_UINT16_BE(header + 2) + 1;
  const guint32 stamp = GST_READ_UINT32_BE(header + 4);
  const gint32 step = (gint32)(stamp - self->last);
  self->last = stamp;
  const gint64 limit = 3 * (gint64)self->clock_rate;
  if (self->has_base && step <= limit && step >= -limit) {
    self->ticks += step;
  } else {
    self->has_base = TRUE;
    self->ticks = 0;
    self->base = running_time(self);
  }
  const GstClockTime distance = gst_util_uint64_scale_int(ABS(self->ticks), GST_SECOND, self->clock_rate);
  buffer = gst_buffer_make_writable(buffer);
  if (self->ticks >= 0) GST_BUFFER_PTS(buffer) = self->base + distance;
  else GST_BUFFER_PTS(buffer) = self->base > distance ? self->base - distance : 0;
  GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
  if (is_whole && cgst_rtp_shortcut_knows(&self->shortcut, header)) return gst_pad_chain(self->shortcut.end, buffer);
  const GstFlowReturn flow = gst_pad_push(self->src, buffer);
  if (flow == GST_FLOW_OK && is_whole && !self->shortcut.end) cgst_rtp_shortcut_learn(&self->shortcut, self->src, header);
  return flow;
}

// Emits what is held and expected now; with `gives_up` also what is behind the first gap, with `all` behind every gap.
static GstFlowReturn release(CgstRtpClock *self, gboolean gives_up, gboolean all) {
  GstFlowReturn flow = GST_FLOW_OK;
  guint done = 0;
  while (done < self->held_count && flow == GST_FLOW_OK) {
    if (!all && !gives_up && sequence_of(self->held[done]) != self->next) break;
    gives_up = FALSE;
    flow = emit(self, self->held[done++]);
  }
  self->held_count -= done;
  memmove(self->held, self->held + done, self->held_count * sizeof *self->held);
  return flow;
}

static void forget_held(CgstRtpClock *self) {
  for (guint i = 0; i < self->held_count; i++) gst_buffer_unref(self->held[i]);
  self->held_count = 0;
}

// Keeps a packet that came before its turn.
static GstFlowReturn hold(CgstRtpClock *self, GstBuffer *buffer, guint16 sequence) {
  guint place = self->held_count;
  while (place > 0 && (gint16)(sequence - sequence_of(self->held[place - 1])) < 0) place--;
  if (place > 0 && sequence_of(self->held[place - 1]) == sequence) {
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
  }
  memmove(self->held + place + 1, self->held + place, (self->held_count - place) * sizeof *self->held);
  self->held[place] = buffer;
  return ++self->held_count > MOST_HELD ? release(self, TRUE, FALSE) : GST_FLOW_OK;
}

static GstFlowReturn chain(GstPad *pad, GstObject *parent, GstBuffer *buffer) {
  CgstRtpClock *self = (CgstRtpClock *)parent;
  if (gst_buffer_get_size(buffer) < 8 || self->clock_rate == 0) {
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
  }
  const guint16 sequence = sequence_of(buffer);
  const gint16 distance = self->has_sequence ? (gint16)(sequence - self->next) : 0;
  if (distance < 0 && distance > -MOST_DISTANCE) {
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
  }
  if (distance > 0 && distance < MOST_DISTANCE) return hold(self, buffer, sequence);
  if (distance != 0) {
    const GstFlowReturn flow = release(self, FALSE, TRUE);
    if (flow != GST_FLOW_OK) {
      gst_buffer_unref(buffer);
      return flow;
    }
  }
  self->has_sequence = TRUE;
  const GstFlowReturn flow = emit(self, buffer);
  return flow == GST_FLOW_OK && self->held_count > 0 ? release(self, FALSE, FALSE) : flow;
}

static gboolean sink_event(GstPad *pad, GstObject *parent, GstEvent *event) {
  CgstRtpClock *self = (CgstRtpClock *)parent;
  if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
    GstCaps *caps = NULL;
    gint rate = 0;
    gst_event_parse_caps(event, &caps);
    if (gst_structure_get_int(gst_caps_get_structure(caps, 0), "clock-rate", &rate) && rate > 0)
      self->clock_rate = (guint)rate;
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) {
    self->has_base = FALSE;
    self->has_sequence = FALSE;
    forget_held(self);
    // What is behind has lost its segment, which a packet that goes the whole way brings again.
    cgst_rtp_shortcut_forget(&self->shortcut);
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
    release(self, FALSE, TRUE);
  }
  return gst_pad_event_default(pad, parent, event);
}

// rtpbin sets the latency of what it uses as jitter buffer; here there is none.
static void set_property(GObject *object, guint property, const GValue *value, GParamSpec *spec) {
  if (property != PROP_LATENCY) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, property, spec);
}

static void finalize(GObject *object) {
  forget_held((CgstRtpClock *)object);
  cgst_rtp_shortcut_forget(&((CgstRtpClock *)object)->shortcut);
  G_OBJECT_CLASS(cgst_rtp_clock_parent_class)->finalize(object);
}

static void cgst_rtp_clock_class_init(CgstRtpClockClass *class) {
  GstElementClass *element = GST_ELEMENT_CLASS(class);
  G_OBJECT_CLASS(class)->set_property = set_property;
  G_OBJECT_CLASS(class)->finalize = finalize;
  g_object_class_install_property(
      G_OBJECT_CLASS(class), PROP_LATENCY,
      g_param_spec_uint("latency", "Latency", "Ignored", 0, G_MAXUINT, 0, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  gst_element_class_add_static_pad_template(element, &sink_template);
  gst_element_class_add_static_pad_template(element, &src_template);
  gst_element_class_set_static_metadata(element, "RTP clock", "Filter", "Times of RTP packets in order", "Vedette");
}

static void cgst_rtp_clock_init(CgstRtpClock *self) {
  self->sink = gst_pad_new_from_static_template(&sink_template, "sink");
  self->src = gst_pad_new_from_static_template(&src_template, "src");
  gst_pad_set_chain_function(self->sink, chain);
  gst_pad_set_event_function(self->sink, sink_event);
  GST_PAD_SET_PROXY_CAPS(self->sink);
  gst_element_add_pad(GST_ELEMENT(self), self->sink);
  gst_element_add_pad(GST_ELEMENT(self), self->src);
}

// Sound and pictures are brought together by what rtpjitterbuffer tells rtpbin about RTCP, so two streams keep theirs.
static GstElement *request_jitterbuffer(GstElement *bin, guint session, gpointer unused) {
  guint sessions = 0;
  GST_OBJECT_LOCK(bin);
  for (GList *pad = bin->sinkpads; pad; pad = pad->next)
    sessions += g_str_has_prefix(GST_OBJECT_NAME(pad->data), "recv_rtp_sink_");
  GST_OBJECT_UNLOCK(bin);
  if (sessions > 1) return gst_element_factory_make("rtpjitterbuffer", NULL);
  CgstRtpClock *clock = g_object_new(cgst_rtp_clock_get_type(), NULL);
  cgst_rtp_shortcut_take(bin, session, GST_ELEMENT(clock), &clock->shortcut, clock->sink);
  return GST_ELEMENT(clock);
}

static void new_manager(GstElement *source, GstElement *bin, gpointer unused) {
  if (g_signal_lookup("request-jitterbuffer", G_OBJECT_TYPE(bin)) != 0)
    g_signal_connect(bin, "request-jitterbuffer", G_CALLBACK(request_jitterbuffer), NULL);
}

void cgst_rtsp_without_jitterbuffer(GstElement *source) {
  g_signal_connect(source, "new-manager", G_CALLBACK(new_manager), NULL);
}
