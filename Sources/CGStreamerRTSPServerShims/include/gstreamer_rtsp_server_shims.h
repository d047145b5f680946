#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What Swift cannot import from gst-rtsp-server and GLib's main loop: casts, variadic calls, signals, custom sources.
// Functions that can fail write a sentence to `message` (always terminated) and return NULL or false.
// Callbacks get `context`; `destroy` frees it when the object it was given to goes away.
// Times are nanoseconds of g_get_monotonic_time (its resolution is a microsecond).

typedef void (*crtsp_call)(void *_Nonnull context);

int64_t crtsp_now(void);

// Server

// A GstRTSPServer, the thread that runs its GMainLoop, and an alarm on that loop.
typedef struct crtsp_server crtsp_server;

// Starts the thread; nothing is listened to yet. `tick` is called on that thread when the alarm goes off.
crtsp_server *_Nullable crtsp_server_start(
    const char *_Nonnull address, uint16_t port, crtsp_call _Nonnull tick, void *_Nonnull context,
    crtsp_call _Nonnull destroy, char *_Nonnull message, size_t capacity);
// Stops listening, closes all connections, joins the thread. Idempotent; not to be called on that thread.
void crtsp_server_stop(crtsp_server *_Nonnull server);
// Frees a server that was stopped.
void crtsp_server_free(crtsp_server *_Nonnull server);
// When `tick` is called next (g_source_set_ready_time); negative for never. Any thread.
void crtsp_server_set_alarm(crtsp_server *_Nonnull server, int64_t nanoseconds);

// gst_rtsp_server_create_source with its GError unpacked, attached to the loop. Binds the same port again when it
// has been bound before. Not thread-safe against itself and crtsp_server_unlisten.
bool crtsp_server_listen(crtsp_server *_Nonnull server, char *_Nonnull message, size_t capacity);
// Closes the listening socket.
void crtsp_server_unlisten(crtsp_server *_Nonnull server);
// The port that is, or was last, bound; 0 before the first time.
uint16_t crtsp_server_port(crtsp_server *_Nonnull server);

// Hangs up on all clients, or only on those that play the mount point `path`; how many. Each goes on a thread of its own, soon after. Any
// thread.
uint32_t crtsp_server_close_clients(crtsp_server *_Nonnull server, const char *_Nullable path);
uint32_t crtsp_server_client_count(crtsp_server *_Nonnull server);
// Demands this user for every mount point added later.
void crtsp_server_set_credentials(
    crtsp_server *_Nonnull server, const char *_Nonnull user, const char *_Nonnull password, bool basic, bool digest);

// Speaks TLS with this certificate and key (PEM files) and nothing else; for mount points added later.
bool crtsp_server_set_certificate(
    crtsp_server *_Nonnull server, const char *_Nonnull certificate, const char *_Nonnull key, char *_Nonnull message,
    size_t capacity);

// Media: what is made for one client, or for all clients of a shared mount point

// A GstRTSPMedia, borrowed during the callback.
typedef struct crtsp_media crtsp_media;
// Called on a client's thread; may block that client.
typedef void (*crtsp_media_new)(crtsp_media *_Nonnull media, void *_Nonnull context);
// Adds `path` with a gst_parse_launch description; without `rtcp` it sends and takes no RTCP.
void crtsp_server_mount(
    crtsp_server *_Nonnull server, const char *_Nonnull path, const char *_Nonnull description, bool shared, bool rtcp,
    crtsp_media_new _Nonnull on_media, void *_Nonnull context, crtsp_call _Nonnull destroy);

// Signals "new-state" (a GstState: 4 is playing) and "unprepared" (0). Called on client and loop threads.
typedef void (*crtsp_media_state)(int state, void *_Nonnull context);
void crtsp_media_on_state(
    crtsp_media *_Nonnull media, crtsp_media_state _Nonnull on_state, void *_Nonnull context,
    crtsp_call _Nonnull destroy);
// Makes the sinks that the server will add to this media send at once instead of waiting for a buffer's time: who feeds
// the sources sets the pace.
void crtsp_media_send_at_once(crtsp_media *_Nonnull media);

// Leaves the fields whose names begin with `prefix` out of the caps of that payloader, and so out of the description.
void crtsp_media_hide_fields(
    crtsp_media *_Nonnull media, const char *_Nonnull payloader, const char *_Nonnull prefix);

// Called on a streaming thread for each RTP packet: 0 sends it, 1 loses it, 2 sends it after the next one. The packet gets
// `*replacement` as its timestamp.
typedef int (*crtsp_packet)(uint32_t timestamp, uint32_t *_Nonnull replacement, void *_Nonnull context);
// Asks for each packet that the payloader of that name makes.
void crtsp_media_on_packet(
    crtsp_media *_Nonnull media, const char *_Nonnull payloader, crtsp_packet _Nonnull on_packet,
    void *_Nonnull context, crtsp_call _Nonnull destroy);

// Sources: the appsrc elements of a media

typedef struct crtsp_source crtsp_source;
// The appsrc of that name, NULL where there is none; the caller owns the reference.
crtsp_source *_Nullable crtsp_media_source(crtsp_media *_Nonnull media, const char *_Nonnull name);
void crtsp_source_unref(crtsp_source *_Nonnull source);
// gst_app_src_set_caps; false where the text is no caps.
bool crtsp_source_set_caps(crtsp_source *_Nonnull source, const char *_Nonnull caps);
// `need` is called on the streaming thread when the queue is empty.
void crtsp_source_on_need(
    crtsp_source *_Nonnull source, crtsp_call _Nonnull need, void *_Nonnull context, crtsp_call _Nonnull destroy);
// Queues bytes without copying them: `release(owner)` is called when the last user is done. Never blocks; false when
// the pipeline does not take data (any more).
bool crtsp_source_push_shared(
    crtsp_source *_Nonnull source, const void *_Nonnull bytes, size_t count, int64_t presentation, int64_t duration,
    bool is_delta, void *_Nonnull owner, crtsp_call _Nonnull release);
// Queues a copy of bytes.
bool crtsp_source_push_copy(
    crtsp_source *_Nonnull source, const void *_Nonnull bytes, size_t count, int64_t presentation, int64_t duration,
    bool is_delta);
void crtsp_source_end(crtsp_source *_Nonnull source);
uint64_t crtsp_source_queued_bytes(crtsp_source *_Nonnull source);
