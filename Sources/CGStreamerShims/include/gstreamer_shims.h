#pragma once

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/video/video.h>

// What Swift cannot import from GStreamer: macros, casts, variadic calls, and structs of function pointers.
// Functions that can fail write a sentence to `message` (always terminated) and return NULL or FALSE.

G_BEGIN_DECLS

// Library

// gst_init_check with its GError unpacked.
gboolean cgst_init(char *_Nonnull message, gsize capacity);

// Pipelines

// gst_parse_launch_full, wrapped in a GstPipeline where the description is a single element; floating reference sunk.
GstElement *_Nullable cgst_pipeline_parse(const char *_Nonnull description, char *_Nonnull message, gsize capacity);
// gst_parse_bin_from_description_full with ghost pads for what is left unlinked, as a floating reference.
GstElement *_Nullable cgst_bin_parse(const char *_Nonnull description, char *_Nonnull message, gsize capacity);
// GST_BIN and gst_bin_get_by_name; the caller owns the reference. Looks into nested bins.
GstElement *_Nullable cgst_bin_get(GstElement *_Nonnull bin, const char *_Nonnull name);
// GST_BIN and gst_bin_add (takes the floating reference), then gst_element_sync_state_with_parent; on failure the
// child is stopped and removed again.
gboolean cgst_bin_add_running(
    GstElement *_Nonnull bin, GstElement *_Nonnull child, char *_Nonnull message, gsize capacity);
// gst_pad_link of `source` with the static pad "sink" of `element`; GST_PAD_LINK_FAILED.
gboolean cgst_link_to_sink(
    GstPad *_Nonnull source, GstElement *_Nonnull element, char *_Nonnull message, gsize capacity);
// GST_ELEMENT_NAME of the factory that made the element, NULL where there is none; valid as long as the element.
const char *_Nullable cgst_factory_name(GstElement *_Nonnull element);
// gst_pipeline_get_bus through GST_PIPELINE; the caller owns the reference.
GstBus *_Nonnull cgst_pipeline_bus(GstElement *_Nonnull pipeline);
// gst_object_ref and gst_object_unref without the cast.
void cgst_ref(gpointer _Nonnull object);
void cgst_unref(gpointer _Nonnull object);

// Properties of elements and pads. Each checks that the property exists, is writable and holds the value without clamping.

gboolean cgst_set_text(
    gpointer _Nonnull object, const char *_Nonnull name, const char *_Nonnull value, char *_Nonnull message,
    gsize capacity);
gboolean cgst_set_integer(
    gpointer _Nonnull object, const char *_Nonnull name, gint64 value, char *_Nonnull message, gsize capacity);
gboolean cgst_set_unsigned(
    gpointer _Nonnull object, const char *_Nonnull name, guint64 value, char *_Nonnull message, gsize capacity);
gboolean cgst_set_real(
    gpointer _Nonnull object, const char *_Nonnull name, gdouble value, char *_Nonnull message, gsize capacity);
gboolean cgst_set_boolean(
    gpointer _Nonnull object, const char *_Nonnull name, gboolean value, char *_Nonnull message, gsize capacity);
gboolean cgst_set_caps(
    gpointer _Nonnull object, const char *_Nonnull name, GstCaps *_Nonnull value, char *_Nonnull message,
    gsize capacity);
// g_object_get of any property that transforms to an unsigned 64-bit number; FALSE where it does not.
gboolean cgst_get_unsigned(GstElement *_Nonnull element, const char *_Nonnull name, guint64 *_Nonnull value);

// Signals. `destroy` frees `context` when the handler goes away with its element.

typedef void (*cgst_wake)(gpointer _Nonnull context);
typedef void (*cgst_pad_added)(GstElement *_Nonnull element, GstPad *_Nonnull pad, gpointer _Nonnull context);
typedef gboolean (*cgst_select_stream)(
    GstElement *_Nonnull element, guint number, GstCaps *_Nonnull caps, gpointer _Nonnull context);
typedef void (*cgst_no_more_pads)(GstElement *_Nonnull element, gpointer _Nonnull context);

void cgst_on_pad_added(
    GstElement *_Nonnull element, cgst_pad_added _Nonnull callback, gpointer _Nonnull context,
    GDestroyNotify _Nonnull destroy);
void cgst_on_select_stream(
    GstElement *_Nonnull element, cgst_select_stream _Nonnull callback, gpointer _Nonnull context,
    GDestroyNotify _Nonnull destroy);
// "accept-certificate" of an rtspsrc: called on its thread for a TLS certificate that does not pass (`flaws` is a
// GTlsCertificateFlags), with its SHA-256 in lower-case digits; TRUE takes it all the same.
typedef gboolean (*cgst_judge_certificate)(const char *_Nonnull sha256, guint flaws, gpointer _Nonnull context);
void cgst_on_accept_certificate(
    GstElement *_Nonnull source, cgst_judge_certificate _Nonnull judge, gpointer _Nonnull context,
    GDestroyNotify _Nonnull destroy);
void cgst_on_no_more_pads(
    GstElement *_Nonnull element, cgst_no_more_pads _Nonnull callback, gpointer _Nonnull context,
    GDestroyNotify _Nonnull destroy);
// Lets an rtspsrc that gets a single stream over TCP do without rtpjitterbuffer (rtp_clock.c). Call before it is started.
void cgst_rtsp_without_jitterbuffer(GstElement *_Nonnull source);
// Has a video encoder make a keyframe every `interval` nanoseconds of its pictures' time, and one for the first picture after a
// discontinuity at the sink pad of `first` (which may be the encoder); that one comes out marked as a discontinuity. See
// encoder_watch.c. Call before it plays.
void cgst_encoder_watch(GstElement *_Nonnull encoder, GstElement *_Nonnull first, guint64 interval);
// Sends flush-start from a pad, and from all source pads of an element: whoever waits downstream gives up at once.
void cgst_flush_pad(GstPad *_Nonnull pad);
void cgst_flush_sources(GstElement *_Nonnull element);
// gst_app_sink_set_callbacks: `wake` on a new sample and on the end of the stream.
gboolean cgst_app_sink_on_sample(
    GstElement *_Nonnull sink, cgst_wake _Nonnull wake, gpointer _Nonnull context, GDestroyNotify _Nonnull destroy);
// Answers allocation queries at the sink's pad with GstVideoMeta; appsink itself learns that in GStreamer 1.24.
void cgst_app_sink_offer_video_meta(GstElement *_Nonnull sink);
// gst_app_src_set_callbacks: `wake` when the source asks for data.
gboolean cgst_app_source_on_need(
    GstElement *_Nonnull source, cgst_wake _Nonnull wake, gpointer _Nonnull context, GDestroyNotify _Nonnull destroy);

// Application elements: the casts GST_APP_SINK and GST_APP_SRC.

gboolean cgst_is_app_sink(GstElement *_Nonnull element);
gboolean cgst_is_app_source(GstElement *_Nonnull element);
GstSample *_Nullable cgst_app_sink_try_pull(GstElement *_Nonnull sink);
// TRUE once an end has come and all before it was pulled; not before the sink starts.
gboolean cgst_app_sink_is_eos(GstElement *_Nonnull sink);
// Takes the buffer.
GstFlowReturn cgst_app_source_push(GstElement *_Nonnull source, GstBuffer *_Nonnull buffer);
// Pushes the buffer (taken) in a TIME segment that starts at `origin`: its running time is its time − origin, which
// may be negative. Needs handle-segment-change=true.
GstFlowReturn cgst_app_source_push_from(
    GstElement *_Nonnull source, GstBuffer *_Nonnull buffer, GstClockTime origin);
GstFlowReturn cgst_app_source_end(GstElement *_Nonnull source);
guint64 cgst_app_source_level_bytes(GstElement *_Nonnull source);

// Buffers: GST_BUFFER_PTS and its kin, all macros.

GstClockTime cgst_buffer_pts(GstBuffer *_Nonnull buffer);
GstClockTime cgst_buffer_dts(GstBuffer *_Nonnull buffer);
GstClockTime cgst_buffer_duration(GstBuffer *_Nonnull buffer);
gboolean cgst_buffer_has_flag(GstBuffer *_Nonnull buffer, guint flag);
// gst_buffer_copy (shares the memory) with other times; the caller owns the copy.
GstBuffer *_Nullable cgst_buffer_copy_timed(
    GstBuffer *_Nonnull buffer, GstClockTime pts, GstClockTime dts, GstClockTime duration);
// Sets or clears a flag on a buffer that the caller alone holds.
void cgst_buffer_set_flag(GstBuffer *_Nonnull buffer, guint flag, gboolean on);
GstBuffer *_Nullable cgst_buffer_copy_of(const void *_Nullable bytes, gsize size);

// Memory for the bytes of several buffers, mapped by itself, given back with the last of them and its owner. Pages that nothing was put in
// take none. See media_block.c.
typedef struct cgst_block cgst_block;
// Room for `size` bytes; the caller owns it. NULL where the system has none.
cgst_block *_Nullable cgst_block_new(gsize size);
// Any thread.
void cgst_block_unref(cgst_block *_Nonnull block);
gsize cgst_block_free_bytes(const cgst_block *_Nonnull block);
// A buffer with the source's times and flags and a copy of its bytes behind what the block holds already; one thread at a time. The caller
// owns it. NULL where the block has no room or the source cannot be read.
GstBuffer *_Nullable cgst_block_copy(cgst_block *_Nonnull block, GstBuffer *_Nonnull source);

GstBuffer *_Nonnull cgst_buffer_ref(GstBuffer *_Nonnull buffer);
void cgst_buffer_unref(GstBuffer *_Nonnull buffer);
GstSample *_Nonnull cgst_sample_ref(GstSample *_Nonnull sample);
void cgst_sample_unref(GstSample *_Nonnull sample);
// gst_segment_to_running_time_full of the sample's segment; FALSE where the segment is not in TIME.
gboolean cgst_sample_running_time(GstSample *_Nonnull sample, GstClockTime time, gint64 *_Nonnull result);

// Caps.

GstCaps *_Nonnull cgst_caps_ref(GstCaps *_Nonnull caps);
void cgst_caps_unref(GstCaps *_Nonnull caps);
// The buffer in a field of caps (GST_TYPE_BUFFER), borrowed; NULL for another type.
GstBuffer *_Nullable cgst_value_buffer(const GValue *_Nonnull value);

// Bus. GST_MESSAGE_TYPE, GST_MESSAGE_SRC and GST_OBJECT_NAME are macros.

// An error, a warning or the end of the stream; the texts live as long as the call that hands it over.
typedef struct {
  guint type;                    // GstMessageType
  const char *_Nonnull source;   // name of the element that posted it
  const char *_Nonnull factory;  // its factory, empty where there is none
  const char *_Nonnull domain;   // error domain, empty for the end of the stream
  int code;                      // error code in that domain
  const char *_Nonnull text;
  const char *_Nonnull debug;
} cgst_message;

typedef void (*cgst_receive)(const cgst_message *_Nonnull message, gpointer _Nonnull context);

// gst_bus_set_sync_handler: hands errors, warnings and the end of the stream to `receive` on the thread that posts them
// and drops everything else, so that nothing ever waits in the bus.
void cgst_bus_on_message(
    GstBus *_Nonnull bus, cgst_receive _Nonnull receive, gpointer _Nonnull context, GDestroyNotify _Nonnull destroy);
// Removes what cgst_bus_on_message installed; its context is destroyed.
void cgst_bus_silence(GstBus *_Nonnull bus);

// V4L2 capture devices (capture_devices.c).

typedef struct {
  char name[40], driver[24], bus[40];
} cgst_capture_info;
// One format (V4L2's four letters), size and rate; a rate of 0/1 is unknown.
typedef void (*cgst_capture_mode)(
    guint32 format, guint width, guint height, guint numerator, guint denominator, gpointer _Nonnull context);
// Asks a device what it is and offers, size by size. 0, or an errno; ENOTTY where it is no camera.
int cgst_capture_look(
    const char *_Nonnull path, cgst_capture_info *_Nonnull info, cgst_capture_mode _Nonnull callback,
    gpointer _Nonnull context);

// Video frames.

typedef struct {
  GstVideoFrame frame;
  int format;  // GstVideoFormat
  int width, height, plane_count;
} cgst_video_frame;

// gst_video_info_from_caps and gst_video_frame_map (read only, no extra reference); honours GstVideoMeta.
gboolean cgst_video_frame_map(cgst_video_frame *_Nonnull result, GstCaps *_Nonnull caps, GstBuffer *_Nonnull buffer);
// GST_VIDEO_FRAME_PLANE_DATA and GST_VIDEO_FRAME_PLANE_STRIDE.
const void *_Nonnull cgst_video_frame_plane(const cgst_video_frame *_Nonnull frame, int plane);
int cgst_video_frame_stride(const cgst_video_frame *_Nonnull frame, int plane);
void cgst_video_frame_unmap(cgst_video_frame *_Nonnull frame);

G_END_DECLS
