// Buffers, samples, caps and video frames.

#include "gstreamer_shims.h"

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
