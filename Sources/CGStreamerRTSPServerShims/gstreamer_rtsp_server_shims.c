#include "gstreamer_rtsp_server_shims.h"

#include <gst/app/gstappsink.h>
#include <stdio.h>
#include <string.h>

static void say(char *message, gsize capacity, const char *text) {
  if (capacity > 0) g_strlcpy(message, text, capacity);
}

static void take_error(GError *error, char *message, gsize capacity) {
  say(message, capacity, error != NULL ? error->message : "no reason given");
  g_clear_error(&error);
}

// Main loop

struct crtsp_loop {
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
};

static gpointer run_loop(gpointer data) {
  crtsp_loop *self = data;
  g_main_context_push_thread_default(self->context);
  g_main_loop_run(self->loop);
  g_main_context_pop_thread_default(self->context);
  return NULL;
}

static gboolean quit_loop(gpointer data) {
  g_main_loop_quit(data);
  return G_SOURCE_REMOVE;
}

crtsp_loop *crtsp_loop_start(const char *name, char *message, gsize capacity) {
  crtsp_loop *self = g_new0(crtsp_loop, 1);
  self->context = g_main_context_new();
  self->loop = g_main_loop_new(self->context, FALSE);
  GError *error = NULL;
  self->thread = g_thread_try_new(name, run_loop, self, &error);
  if (self->thread == NULL) {
    take_error(error, message, capacity);
    g_main_loop_unref(self->loop);
    g_main_context_unref(self->context);
    g_free(self);
    return NULL;
  }
  return self;
}

void crtsp_loop_stop(crtsp_loop *self) {
  // Quitting from inside the loop: g_main_loop_quit before g_main_loop_run has begun would be forgotten.
  GSource *quit = g_idle_source_new();
  g_source_set_callback(quit, quit_loop, self->loop, NULL);
  g_source_attach(quit, self->context);
  g_source_unref(quit);
  g_thread_join(self->thread);
  g_main_loop_unref(self->loop);
  g_main_context_unref(self->context);
  g_free(self);
}

typedef struct {
  crtsp_tick tick;
  gpointer context;
  GDestroyNotify destroy;
} alarm_closure;

static gboolean run_alarm(gpointer data) {
  alarm_closure *closure = data;
  closure->tick(closure->context);
  return G_SOURCE_CONTINUE;
}

static void free_alarm(gpointer data) {
  alarm_closure *closure = data;
  closure->destroy(closure->context);
  g_free(closure);
}

static gboolean dispatch_alarm(GSource *source, GSourceFunc callback, gpointer data) {
  // Cleared first: the callback sets the next time.
  g_source_set_ready_time(source, -1);
  return callback != NULL ? callback(data) : G_SOURCE_CONTINUE;
}

static GSourceFuncs alarm_functions = {NULL, NULL, dispatch_alarm, NULL, NULL, NULL};

GSource *crtsp_alarm_start(crtsp_loop *loop, crtsp_tick tick, gpointer context, GDestroyNotify destroy) {
  GSource *source = g_source_new(&alarm_functions, sizeof(GSource));
  alarm_closure *closure = g_new0(alarm_closure, 1);
  closure->tick = tick;
  closure->context = context;
  closure->destroy = destroy;
  g_source_set_callback(source, run_alarm, closure, free_alarm);
  g_source_set_ready_time(source, -1);
  g_source_attach(source, loop->context);
  return source;
}

void crtsp_alarm_set(GSource *alarm, gint64 microseconds) { g_source_set_ready_time(alarm, microseconds); }

void crtsp_alarm_stop(GSource *alarm) {
  g_source_destroy(alarm);
  g_source_unref(alarm);
}

// Server

GstRTSPServer *crtsp_server_new(const char *address, guint16 port) {
  GstRTSPServer *server = gst_rtsp_server_new();
  gst_rtsp_server_set_address(server, address);
  crtsp_server_set_port(server, port);
  // One slow answer (a stream still being made) must not hold up the other clients.
  GstRTSPThreadPool *pool = gst_rtsp_thread_pool_new();
  gst_rtsp_thread_pool_set_max_threads(pool, 4);
  gst_rtsp_server_set_thread_pool(server, pool);
  g_object_unref(pool);
  return server;
}

void crtsp_server_set_port(GstRTSPServer *server, guint16 port) {
  char service[8];
  g_snprintf(service, sizeof service, "%u", (unsigned)port);
  gst_rtsp_server_set_service(server, service);
}

GSource *crtsp_server_listen(GstRTSPServer *server, crtsp_loop *loop, char *message, gsize capacity) {
  GError *error = NULL;
  GSource *source = gst_rtsp_server_create_source(server, NULL, &error);
  if (source == NULL) {
    take_error(error, message, capacity);
    return NULL;
  }
  g_source_attach(source, loop->context);
  return source;
}

void crtsp_server_unlisten(GSource *source) {
  g_source_destroy(source);
  g_source_unref(source);
}

guint16 crtsp_server_port(GstRTSPServer *server) {
  int port = gst_rtsp_server_get_bound_port(server);
  return port > 0 ? (guint16)port : 0;
}

typedef struct {
  const char *path;
  gboolean plays;
  guint count;
} close_request;

static GstRTSPFilterResult look_at_session(GstRTSPClient *client, GstRTSPSession *session, gpointer data) {
  close_request *request = data;
  gint matched = 0;
  GstRTSPSessionMedia *media = gst_rtsp_session_dup_media(session, request->path, &matched);
  if (media != NULL) {
    request->plays = TRUE;
    g_object_unref(media);
  }
  return GST_RTSP_FILTER_KEEP;
}

static GstRTSPFilterResult look_at_client(GstRTSPServer *server, GstRTSPClient *client, gpointer data) {
  close_request *request = data;
  request->plays = request->path == NULL;
  if (!request->plays) gst_rtsp_client_session_filter(client, look_at_session, request);
  if (!request->plays) return GST_RTSP_FILTER_KEEP;
  request->count++;
  return GST_RTSP_FILTER_REMOVE;
}

guint crtsp_server_close_clients(GstRTSPServer *server, const char *path) {
  close_request request = {path, FALSE, 0};
  gst_rtsp_server_client_filter(server, look_at_client, &request);
  return request.count;
}

static GstRTSPFilterResult count_client(GstRTSPServer *server, GstRTSPClient *client, gpointer data) {
  ++*(guint *)data;
  return GST_RTSP_FILTER_KEEP;
}

guint crtsp_server_client_count(GstRTSPServer *server) {
  guint count = 0;
  gst_rtsp_server_client_filter(server, count_client, &count);
  return count;
}

void crtsp_server_expire_sessions(GstRTSPServer *server) {
  GstRTSPSessionPool *pool = gst_rtsp_server_get_session_pool(server);
  if (pool == NULL) return;
  gst_rtsp_session_pool_cleanup(pool);
  g_object_unref(pool);
}

#define VIEWER "viewer"

void crtsp_server_set_credentials(
    GstRTSPServer *server, const char *user, const char *password, gboolean basic, gboolean digest) {
  GstRTSPAuth *auth = gst_rtsp_auth_new();
  GstRTSPToken *token = gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, VIEWER, NULL);
  int methods = 0;
  if (basic) {
    gchar *secret = gst_rtsp_auth_make_basic(user, password);
    gst_rtsp_auth_add_basic(auth, secret, token);
    g_free(secret);
    methods |= GST_RTSP_AUTH_BASIC;
  }
  if (digest) {
    gst_rtsp_auth_add_digest(auth, user, password, token);
    methods |= GST_RTSP_AUTH_DIGEST;
  }
  gst_rtsp_auth_set_supported_methods(auth, methods);
  gst_rtsp_token_unref(token);
  gst_rtsp_server_set_auth(server, auth);
  g_object_unref(auth);
}

void crtsp_unref(gpointer object) { g_object_unref(object); }

// Mount points

typedef struct {
  crtsp_media_new on_media;
  gpointer context;
  GDestroyNotify destroy;
} media_closure;

static void media_configure(GstRTSPMediaFactory *factory, GstRTSPMedia *media, gpointer data) {
  media_closure *closure = data;
  GstElement *bin = gst_rtsp_media_get_element(media);
  if (bin == NULL) return;
  closure->on_media(media, bin, closure->context);
  gst_object_unref(bin);
}

static void free_media_closure(gpointer data, GClosure *unused) {
  media_closure *closure = data;
  closure->destroy(closure->context);
  g_free(closure);
}

void crtsp_server_mount(
    GstRTSPServer *server, const char *path, const char *description, gboolean shared, gboolean is_protected,
    crtsp_media_new on_media, gpointer context, GDestroyNotify destroy) {
  GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new();
  gst_rtsp_media_factory_set_launch(factory, description);
  gst_rtsp_media_factory_set_shared(factory, shared);
  if (is_protected) {
    GstRTSPPermissions *permissions = gst_rtsp_permissions_new();
    gst_rtsp_permissions_add_permission_for_role(
        permissions, VIEWER, GST_RTSP_PERM_MEDIA_FACTORY_ACCESS, TRUE);
    gst_rtsp_permissions_add_permission_for_role(
        permissions, VIEWER, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, TRUE);
    gst_rtsp_media_factory_set_permissions(factory, permissions);
    gst_rtsp_permissions_unref(permissions);
  }
  media_closure *closure = g_new0(media_closure, 1);
  closure->on_media = on_media;
  closure->context = context;
  closure->destroy = destroy;
  g_signal_connect_data(factory, "media-configure", G_CALLBACK(media_configure), closure, free_media_closure, 0);
  GstRTSPMountPoints *mounts = gst_rtsp_server_get_mount_points(server);
  gst_rtsp_mount_points_add_factory(mounts, path, factory);  // takes the factory
  g_object_unref(mounts);
}

typedef struct {
  crtsp_media_state on_state;
  gpointer context;
  GDestroyNotify destroy;
} state_closure;

static void media_new_state(GstRTSPMedia *media, gint state, gpointer data) {
  state_closure *closure = data;
  closure->on_state(state, closure->context);
}

static void media_unprepared(GstRTSPMedia *media, gpointer data) {
  state_closure *closure = data;
  closure->on_state(0, closure->context);
}

static void free_state_closure(gpointer data) {
  state_closure *closure = data;
  closure->destroy(closure->context);
  g_free(closure);
}

void crtsp_media_on_state(
    GstRTSPMedia *media, crtsp_media_state on_state, gpointer context, GDestroyNotify destroy) {
  state_closure *closure = g_new0(state_closure, 1);
  closure->on_state = on_state;
  closure->context = context;
  closure->destroy = destroy;
  g_object_set_data_full(G_OBJECT(media), "crtsp-state-closure", closure, free_state_closure);
  g_signal_connect(media, "new-state", G_CALLBACK(media_new_state), closure);
  g_signal_connect(media, "unprepared", G_CALLBACK(media_unprepared), closure);
}

static void added(GstBin *pipeline, GstBin *parent, GstElement *element, gpointer unused) {
  GstElementFactory *factory = gst_element_get_factory(element);
  const gchar *name = factory != NULL ? GST_OBJECT_NAME(factory) : "";
  if (strcmp(name, "appsink") == 0 || strcmp(name, "multiudpsink") == 0) {
    g_object_set(element, "sync", FALSE, NULL);
  }
}

void crtsp_media_send_at_once(GstElement *bin) {
  GstObject *pipeline = gst_object_get_parent(GST_OBJECT(bin));
  if (pipeline == NULL) return;
  g_signal_connect(pipeline, "deep-element-added", G_CALLBACK(added), NULL);
  gst_object_unref(pipeline);
}

// Batch work

GstSample *crtsp_pull(GstElement *sink) { return gst_app_sink_pull_sample(GST_APP_SINK(sink)); }

gboolean crtsp_sample_stream_time(GstSample *sample, GstClockTime time, gint64 *result) {
  const GstSegment *segment = gst_sample_get_segment(sample);
  if (segment == NULL || segment->format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID(time)) return FALSE;
  gint64 origin = GST_CLOCK_TIME_IS_VALID(segment->time) ? (gint64)segment->time : 0;
  *result = (gint64)time - (gint64)segment->start + origin;
  return TRUE;
}
