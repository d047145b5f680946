#include "gstreamer_rtsp_server_shims.h"

#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/rtsp-server/rtsp-server.h>
#include <string.h>

static void take_error(GError *error, char *message, size_t capacity) {
  if (capacity > 0) g_strlcpy(message, error != NULL ? error->message : "no reason given", capacity);
  g_clear_error(&error);
}

// A callback with its context, freed through `free_closure`.
typedef struct {
  void (*function)(void);
  void *context;
  crtsp_call destroy;
} closure;

static closure *new_closure(void (*function)(void), void *context, crtsp_call destroy) {
  closure *self = g_new0(closure, 1);
  self->function = function;
  self->context = context;
  self->destroy = destroy;
  return self;
}

static void free_closure(gpointer data) {
  closure *self = data;
  self->destroy(self->context);
  g_free(self);
}

static void free_signal_closure(gpointer data, GClosure *unused) { free_closure(data); }

static void call(closure *self) { ((crtsp_call)self->function)(self->context); }

int64_t crtsp_now(void) { return g_get_monotonic_time() * 1000; }

// Server

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

void crtsp_server_stop(crtsp_server *self) {
  crtsp_server_unlisten(self);
  crtsp_server_close_clients(self, NULL);
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
  return GST_RTSP_FILTER_REMOVE;
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

// Media

static void media_configure(GstRTSPMediaFactory *factory, GstRTSPMedia *media, gpointer data) {
  closure *self = data;
  ((crtsp_media_new)self->function)((crtsp_media *)media, self->context);
}

void crtsp_server_mount(
    crtsp_server *self, const char *path, const char *description, bool shared, crtsp_media_new on_media,
    void *context, crtsp_call destroy) {
  GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new();
  gst_rtsp_media_factory_set_launch(factory, description);
  gst_rtsp_media_factory_set_shared(factory, shared);
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

static void media_new_state(GstRTSPMedia *media, gint state, gpointer data) {
  closure *self = data;
  ((crtsp_media_state)self->function)(state, self->context);
}

static void media_unprepared(GstRTSPMedia *media, gpointer data) { media_new_state(media, 0, data); }

void crtsp_media_on_state(
    crtsp_media *media, crtsp_media_state on_state, void *context, crtsp_call destroy) {
  closure *self = new_closure((void (*)(void))on_state, context, destroy);
  g_object_set_data_full(G_OBJECT(media), "crtsp-on-state", self, free_closure);
  g_signal_connect(media, "new-state", G_CALLBACK(media_new_state), self);
  g_signal_connect(media, "unprepared", G_CALLBACK(media_unprepared), self);
}

static void send_at_once(GObject *element, GParamSpec *unused, gpointer unused_too) {
  gboolean sync = FALSE;
  g_object_get(element, "sync", &sync, NULL);
  if (sync) g_object_set(element, "sync", FALSE, NULL);
}

static void element_added(GstBin *pipeline, GstBin *parent, GstElement *element, gpointer unused) {
  GstElementFactory *factory = gst_element_get_factory(element);
  const gchar *name = factory != NULL ? GST_OBJECT_NAME(factory) : "";
  if (strcmp(name, "appsink") == 0 || strcmp(name, "multiudpsink") == 0) {
    // The server sets it again with every PLAY (gst_rtsp_stream_set_rate_control).
    g_signal_connect(element, "notify::sync", G_CALLBACK(send_at_once), NULL);
    send_at_once(G_OBJECT(element), NULL, NULL);
  }
}

void crtsp_media_send_at_once(crtsp_media *media) {
  GstElement *bin = gst_rtsp_media_get_element(GST_RTSP_MEDIA(media));
  if (bin == NULL) return;
  GstObject *pipeline = gst_object_get_parent(GST_OBJECT(bin));
  if (pipeline != NULL) {
    g_signal_connect(pipeline, "deep-element-added", G_CALLBACK(element_added), NULL);
    gst_object_unref(pipeline);
  }
  gst_object_unref(bin);
}

// Packets

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

// Sources

crtsp_source *crtsp_media_source(crtsp_media *media, const char *name) {
  GstElement *bin = gst_rtsp_media_get_element(GST_RTSP_MEDIA(media));
  if (bin == NULL) return NULL;
  GstElement *found = gst_bin_get_by_name(GST_BIN(bin), name);
  gst_object_unref(bin);
  if (found != NULL && !GST_IS_APP_SRC(found)) {
    gst_object_unref(found);
    found = NULL;
  }
  return (crtsp_source *)found;
}

void crtsp_source_unref(crtsp_source *source) { gst_object_unref(source); }

bool crtsp_source_set_caps(crtsp_source *source, const char *text) {
  GstCaps *caps = gst_caps_from_string(text);
  if (caps == NULL) return false;
  gst_app_src_set_caps(GST_APP_SRC(source), caps);
  gst_caps_unref(caps);
  return true;
}

static void source_need(GstAppSrc *source, guint length, gpointer data) { call(data); }

void crtsp_source_on_need(crtsp_source *source, crtsp_call need, void *context, crtsp_call destroy) {
  GstAppSrcCallbacks callbacks = {.need_data = source_need};
  gst_app_src_set_callbacks(
      GST_APP_SRC(source), &callbacks, new_closure((void (*)(void))need, context, destroy), free_closure);
}

static bool push(crtsp_source *source, GstBuffer *buffer, int64_t presentation, int64_t duration, bool is_delta) {
  GST_BUFFER_PTS(buffer) = (GstClockTime)presentation;
  GST_BUFFER_DURATION(buffer) = duration > 0 ? (GstClockTime)duration : GST_CLOCK_TIME_NONE;
  if (is_delta) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  return gst_app_src_push_buffer(GST_APP_SRC(source), buffer) == GST_FLOW_OK;
}

bool crtsp_source_push_shared(
    crtsp_source *source, const void *bytes, size_t count, int64_t presentation, int64_t duration, bool is_delta,
    void *owner, crtsp_call release) {
  GstBuffer *buffer = gst_buffer_new_wrapped_full(
      GST_MEMORY_FLAG_READONLY, (gpointer)bytes, count, 0, count, owner, release);
  return push(source, buffer, presentation, duration, is_delta);
}

bool crtsp_source_push_copy(
    crtsp_source *source, const void *bytes, size_t count, int64_t presentation, int64_t duration, bool is_delta) {
  GstBuffer *buffer = gst_buffer_new_memdup(bytes, count);
  return push(source, buffer, presentation, duration, is_delta);
}

void crtsp_source_end(crtsp_source *source) { gst_app_src_end_of_stream(GST_APP_SRC(source)); }

uint64_t crtsp_source_queued_bytes(crtsp_source *source) {
  return gst_app_src_get_current_level_bytes(GST_APP_SRC(source));
}
