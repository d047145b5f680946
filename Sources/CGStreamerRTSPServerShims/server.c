// The server, its thread, who may come in, and what is mounted where.

#include "gstreamer_rtsp_server_shims.h"
#include "closure.h"

#include <fcntl.h>
#include <gst/gst.h>
#include <gst/rtsp-server/rtsp-server.h>
#include <sys/socket.h>
#include <unistd.h>

static void take_error(GError *error, char *message, size_t capacity) {
  if (capacity > 0) g_strlcpy(message, error != NULL ? error->message : "no reason given", capacity);
  g_clear_error(&error);
}

int64_t crtsp_now(void) { return g_get_monotonic_time() * 1000; }

struct crtsp_server {
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  GstRTSPServer *server;
  GSource *alarm;
  GSource *expiry;
  GSource *listening;
  uint16_t port;
  // Mount points have permissions; users are known.
  bool is_protected, has_users;
};

#define VIEWER "viewer"
// The name under which a client keeps a descriptor of its socket, one more than it is.
#define SOCKET "vedette-socket"

static gpointer run_loop(gpointer data) {
  crtsp_server *self = data;
  g_main_context_push_thread_default(self->context);
  g_main_loop_run(self->loop);
  g_main_context_pop_thread_default(self->context);
  return NULL;
}

static gboolean quit_loop(gpointer data) {
  g_main_loop_quit(data);
  return G_SOURCE_REMOVE;
}

static gboolean run_alarm(gpointer data) {
  call(data);
  return G_SOURCE_CONTINUE;
}

static gboolean dispatch_alarm(GSource *source, GSourceFunc callback, gpointer data) {
  g_source_set_ready_time(source, -1);  // first: the callback sets the next time
  return callback != NULL ? callback(data) : G_SOURCE_CONTINUE;
}

static GSourceFuncs alarm_functions = {NULL, NULL, dispatch_alarm, NULL, NULL, NULL};

// Forgets the sessions of clients that vanished without a word.
static gboolean expire_sessions(gpointer data) {
  GstRTSPSessionPool *pool = gst_rtsp_server_get_session_pool(data);
  if (pool != NULL) {
    gst_rtsp_session_pool_cleanup(pool);
    g_object_unref(pool);
  }
  return G_SOURCE_CONTINUE;
}

static void close_descriptor(gpointer data) { close(GPOINTER_TO_INT(data) - 1); }

// One of its own, which goes with the client: the number of the socket's may be another connection's by the time it is used.
static void keep_socket(GstRTSPServer *server, GstRTSPClient *client, gpointer unused) {
  GstRTSPConnection *connection = gst_rtsp_client_get_connection(client);
  GSocket *socket = connection != NULL ? gst_rtsp_connection_get_read_socket(connection) : NULL;
  const int descriptor = socket != NULL ? fcntl(g_socket_get_fd(socket), F_DUPFD_CLOEXEC, 0) : -1;
  if (descriptor >= 0)
    g_object_set_data_full(G_OBJECT(client), SOCKET, GINT_TO_POINTER(descriptor + 1), close_descriptor);
}

static void set_service(crtsp_server *self, uint16_t port) {
  char service[8];
  g_snprintf(service, sizeof service, "%u", (unsigned)port);
  gst_rtsp_server_set_service(self->server, service);
}

crtsp_server *crtsp_server_start(
    const char *address, uint16_t port, crtsp_call tick, void *context, crtsp_call destroy, char *message,
    size_t capacity) {
  crtsp_server *self = g_new0(crtsp_server, 1);
  self->context = g_main_context_new();
  self->loop = g_main_loop_new(self->context, FALSE);
  self->server = gst_rtsp_server_new();
  gst_rtsp_server_set_address(self->server, address);
  set_service(self, port);
  g_signal_connect(self->server, "client-connected", G_CALLBACK(keep_socket), NULL);
  // One slow answer (a stream still being made) must not hold up the other clients.
  GstRTSPThreadPool *pool = gst_rtsp_thread_pool_new();
  gst_rtsp_thread_pool_set_max_threads(pool, 4);
  gst_rtsp_server_set_thread_pool(self->server, pool);
  g_object_unref(pool);

  self->alarm = g_source_new(&alarm_functions, sizeof(GSource));
  g_source_set_callback(
      self->alarm, run_alarm, new_closure((void (*)(void))tick, context, destroy), free_closure);
  g_source_set_ready_time(self->alarm, -1);
  g_source_attach(self->alarm, self->context);
  self->expiry = g_timeout_source_new_seconds(5);
  g_source_set_callback(self->expiry, expire_sessions, self->server, NULL);
  g_source_attach(self->expiry, self->context);

  GError *error = NULL;
  self->thread = g_thread_try_new("vedette-simulate", run_loop, self, &error);
  if (self->thread == NULL) {
    take_error(error, message, capacity);
    crtsp_server_free(self);
    return NULL;
  }
  return self;
}

static GstRTSPFilterResult remove_client(GstRTSPServer *server, GstRTSPClient *client, gpointer unused) {
  return GST_RTSP_FILTER_REMOVE;
}

// Until all clients have gone, or for two seconds.
static void await_clients(crtsp_server *self) {
  const gint64 limit = g_get_monotonic_time() + 2 * G_TIME_SPAN_SECOND;
  while (crtsp_server_client_count(self) > 0 && g_get_monotonic_time() < limit) g_usleep(2000);
}

void crtsp_server_stop(crtsp_server *self) {
  crtsp_server_unlisten(self);
  if (crtsp_server_close_clients(self, NULL) > 0) {
    await_clients(self);
    gst_rtsp_server_client_filter(self->server, remove_client, NULL);
  }
  if (self->thread != NULL) {
    // Quitting from inside the loop: a g_main_loop_quit before g_main_loop_run has begun would be forgotten.
    GSource *quit = g_idle_source_new();
    g_source_set_callback(quit, quit_loop, self->loop, NULL);
    g_source_attach(quit, self->context);
    g_source_unref(quit);
    g_thread_join(self->thread);
    self->thread = NULL;
  }
}

void crtsp_server_free(crtsp_server *self) {
  GSource *sources[] = {self->alarm, self->expiry};
  for (size_t i = 0; i < 2; i++) {
    g_source_destroy(sources[i]);
    g_source_unref(sources[i]);
  }
  g_object_unref(self->server);
  g_main_loop_unref(self->loop);
  g_main_context_unref(self->context);
  g_free(self);
}

void crtsp_server_set_alarm(crtsp_server *self, int64_t nanoseconds) {
  g_source_set_ready_time(self->alarm, nanoseconds < 0 ? -1 : nanoseconds / 1000);
}

bool crtsp_server_listen(crtsp_server *self, char *message, size_t capacity) {
  if (self->listening != NULL) return true;
  if (self->port != 0) set_service(self, self->port);
  GError *error = NULL;
  GSource *source = gst_rtsp_server_create_source(self->server, NULL, &error);
  if (source == NULL) {
    take_error(error, message, capacity);
    return false;
  }
  int port = gst_rtsp_server_get_bound_port(self->server);
  if (port > 0) self->port = (uint16_t)port;
  self->listening = source;
  g_source_attach(source, self->context);
  return true;
}

void crtsp_server_unlisten(crtsp_server *self) {
  if (self->listening == NULL) return;
  g_source_destroy(self->listening);
  g_source_unref(self->listening);
  self->listening = NULL;
}

uint16_t crtsp_server_port(crtsp_server *self) { return self->port; }

typedef struct {
  const char *path;
  bool plays;
  uint32_t count;
} close_request;

static GstRTSPFilterResult look_at_session(GstRTSPClient *client, GstRTSPSession *session, gpointer data) {
  close_request *request = data;
  gint matched = 0;
  GstRTSPSessionMedia *media = gst_rtsp_session_dup_media(session, request->path, &matched);
  if (media != NULL) {
    request->plays = true;
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
  const int descriptor = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(client), SOCKET)) - 1;
  if (descriptor < 0) return GST_RTSP_FILTER_REMOVE;
  // The client's own thread finds the connection at its end and closes it. To close it from here, while that thread reads, is a race
  // that gst-rtsp-server does not survive.
  shutdown(descriptor, SHUT_RDWR);
  return GST_RTSP_FILTER_KEEP;
}

uint32_t crtsp_server_close_clients(crtsp_server *self, const char *path) {
  close_request request = {path, false, 0};
  gst_rtsp_server_client_filter(self->server, look_at_client, &request);
  return request.count;
}

static GstRTSPFilterResult count_client(GstRTSPServer *server, GstRTSPClient *client, gpointer data) {
  ++*(uint32_t *)data;
  return GST_RTSP_FILTER_KEEP;
}

uint32_t crtsp_server_client_count(crtsp_server *self) {
  uint32_t count = 0;
  gst_rtsp_server_client_filter(self->server, count_client, &count);
  return count;
}

// The server's way to tell clients apart, made where there is none; the caller owns the reference.
static GstRTSPAuth *server_auth(crtsp_server *self) {
  GstRTSPAuth *auth = gst_rtsp_server_get_auth(self->server);
  if (auth != NULL) return auth;
  auth = gst_rtsp_auth_new();
  gst_rtsp_server_set_auth(self->server, auth);
  self->is_protected = true;
  return auth;
}

static GstRTSPToken *viewer_token(void) {
  return gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, VIEWER, NULL);
}

void crtsp_server_set_credentials(
    crtsp_server *self, const char *user, const char *password, bool basic, bool digest) {
  GstRTSPAuth *auth = server_auth(self);
  GstRTSPToken *token = viewer_token();
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
  g_object_unref(auth);
  self->has_users = true;
}

bool crtsp_server_set_certificate(
    crtsp_server *self, const char *certificate, const char *key, char *message, size_t capacity) {
  GError *error = NULL;
  GTlsCertificate *identity = g_tls_certificate_new_from_files(certificate, key, &error);
  if (identity == NULL) {
    take_error(error, message, capacity);
    return false;
  }
  GstRTSPAuth *auth = server_auth(self);
  gst_rtsp_auth_set_tls_certificate(auth, identity);
  g_object_unref(identity);
  if (!self->has_users) {
    GstRTSPToken *anybody = viewer_token();
    gst_rtsp_auth_set_default_token(auth, anybody);
    gst_rtsp_token_unref(anybody);
  }
  g_object_unref(auth);
  return true;
}

static void media_configure(GstRTSPMediaFactory *factory, GstRTSPMedia *media, gpointer data) {
  closure *self = data;
  ((crtsp_media_new)self->function)((crtsp_media *)media, self->context);
}

void crtsp_server_mount(
    crtsp_server *self, const char *path, const char *description, bool shared, bool rtcp, crtsp_media_new on_media,
    void *context, crtsp_call destroy) {
  GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new();
  gst_rtsp_media_factory_set_launch(factory, description);
  gst_rtsp_media_factory_set_shared(factory, shared);
  gst_rtsp_media_factory_set_enable_rtcp(factory, rtcp);
  if (self->is_protected) {
    GstRTSPPermissions *permissions = gst_rtsp_permissions_new();
    gst_rtsp_permissions_add_permission_for_role(permissions, VIEWER, GST_RTSP_PERM_MEDIA_FACTORY_ACCESS, TRUE);
    gst_rtsp_permissions_add_permission_for_role(permissions, VIEWER, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, TRUE);
    gst_rtsp_media_factory_set_permissions(factory, permissions);
    gst_rtsp_permissions_unref(permissions);
  }
  g_signal_connect_data(
      factory, "media-configure", G_CALLBACK(media_configure),
      new_closure((void (*)(void))on_media, context, destroy), free_signal_closure, 0);
  GstRTSPMountPoints *mounts = gst_rtsp_server_get_mount_points(self->server);
  gst_rtsp_mount_points_add_factory(mounts, path, factory);  // takes the factory
  g_object_unref(mounts);
}
