// Packets of an RTP session over TCP past the elements that do nothing for them.

#ifndef RTP_SHORTCUT_H
#define RTP_SHORTCUT_H

#include <gst/gst.h>

// Which packets go by it, once one of them has gone the whole way. For the thread that receives; forgotten
// under the stream lock of the sink pad that packets by it are given to, and where nothing is received any more.
typedef struct {
  guint32 source;
  guint8 payload_type;
  // The sink pad behind all that is passed by; NULL until it is known.
  GstPad *end;
} CgstRtpShortcut;

// Notes that a packet that begins with `header` has gone from `src` the whole way, and where that led. Once.
void cgst_rtp_shortcut_learn(CgstRtpShortcut *self, GstPad *src, const guint8 header[12]);
// Whether a packet that begins with `header` may go to `end` at once.
gboolean cgst_rtp_shortcut_knows(const CgstRtpShortcut *self, const guint8 header[12]);
// The next packet goes the whole way again.
void cgst_rtp_shortcut_forget(CgstRtpShortcut *self);

// From now on packets that `bin`, an rtpbin, is given for `session` and that `self` knows go to `sink` at once. `owner` has `self` and `sink`,
// and is kept until `bin` is gone. Call on the thread that receives.
void cgst_rtp_shortcut_take(GstElement *bin, guint session, GstElement *owner, CgstRtpShortcut *self, GstPad *sink);

#endif
