#pragma once

#include <gst/gst.h>
#include <gst/rtsp-server/rtsp-server.h>

// What Swift cannot import from gst-rtsp-server and GLib's main loop: casts, variadic calls, signals, custom sources.
// Functions that can fail write a sentence to `message` (always terminated) and return NULL, 0 or FALSE.
// Callbacks get `context`; `destroy` frees it when the object it was given to goes away.

G_BEGIN_DECLS

// Main loop

// g_main_context_new, g_main_loop_new and g_thread_try_new: runs the loop on a thread of its own.
typedef struct crtsp_loop crtsp_loop;
crtsp_loop *_Nullable crtsp_loop_start(const char *_Nonnull name, char *_Nonnull message, gsize capacity);
// Quits the loop, joins its thread and frees everything. Not to be called on that thread.
void crtsp_loop_stop(crtsp_loop *_Nonnull loop);

// A source that fires when its ready time comes (GSource with g_source_set_ready_time), on the loop's thread.
typedef void (*crtsp_tick)(gpointer _Nonnull context);
GSource *_Nonnull crtsp_alarm_start(
    crtsp_loop *_Nonnull loop, crtsp_tick _Nonnull tick, gpointer _Nonnull context, GDestroyNotify _Nonnull destroy);
// Sets when it fires next, in microseconds of g_get_monotonic_time; -1 for never. Any thread.
void crtsp_alarm_set(GSource *_Nonnull alarm, gint64 microseconds);
// Removes and frees the source. Any thread.
void crtsp_alarm_stop(GSource *_Nonnull alarm);

// Server

GstRTSPServer *_Nonnull crtsp_server_new(const char *_Nonnull address, guint16 port);
// gst_rtsp_server_create_source with its GError unpacked, attached to the loop; the caller owns the source.
GSource *_Nullable crtsp_server_listen(
    GstRTSPServer *_Nonnull server, crtsp_loop *_Nonnull loop, char *_Nonnull message, gsize capacity);
// Destroys what crtsp_server_listen made, which closes the listening socket.
void crtsp_server_unlisten(GSource *_Nonnull source);
// Port that was bound, 0 when not listening.
guint16 crtsp_server_port(GstRTSPServer *_Nonnull server);
void crtsp_server_set_port(GstRTSPServer *_Nonnull server, guint16 port);
// Closes the connections of all clients, or only of those that play the mount point `path`; how many.
guint crtsp_server_close_clients(GstRTSPServer *_Nonnull server, const char *_Nullable path);
guint crtsp_server_client_count(GstRTSPServer *_Nonnull server);
// Forgets sessions that have timed out (clients that vanished without a word).
void crtsp_server_expire_sessions(GstRTSPServer *_Nonnull server);
// Demands this user for everything whose factory was made with `protected`.
void crtsp_server_set_credentials(
    GstRTSPServer *_Nonnull server, const char *_Nonnull user, const char *_Nonnull password, gboolean basic,
    gboolean digest);
void crtsp_unref(gpointer _Nonnull object);

// Mount points

// Called on the client's thread with the new media's bin, borrowed.
typedef void (*crtsp_media_new)(GstRTSPMedia *_Nonnull media, GstElement *_Nonnull bin, gpointer _Nonnull context);
// Adds `path` with a gst_parse_launch description; `shared`: one media for all clients.
void crtsp_server_mount(
    GstRTSPServer *_Nonnull server, const char *_Nonnull path, const char *_Nonnull description, gboolean shared,
    gboolean is_protected, crtsp_media_new _Nonnull on_media, gpointer _Nonnull context,
    GDestroyNotify _Nonnull destroy);

// Signals "new-state" (a GstState) and "unprepared" (state 0) of one media. Called on client and loop threads.
typedef void (*crtsp_media_state)(int state, gpointer _Nonnull context);
void crtsp_media_on_state(
    GstRTSPMedia *_Nonnull media, crtsp_media_state _Nonnull on_state, gpointer _Nonnull context,
    GDestroyNotify _Nonnull destroy);
// Makes the sinks that the server adds to this media send at once instead of waiting for a buffer's time: whoever feeds
// the sources sets the pace.
void crtsp_media_send_at_once(GstElement *_Nonnull bin);

// Batch work

// GST_APP_SINK and gst_app_sink_pull_sample: blocks until there is a sample; NULL at the end of the stream.
GstSample *_Nullable crtsp_pull(GstElement *_Nonnull sink);
// gst_segment_to_stream_time of the sample's segment without clipping; FALSE where it is not in TIME.
gboolean crtsp_sample_stream_time(GstSample *_Nonnull sample, GstClockTime time, gint64 *_Nonnull result);

G_END_DECLS
