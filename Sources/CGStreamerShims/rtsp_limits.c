// A camera's answer to an RTSP request is read into memory whole. rtspsrc has no setting for how large it may be, and the
// library's own default is 4 GB. This definition stands before the library's (the executables export it), so that every
// connection that rtspsrc makes has a limit.
#include <dlfcn.h>
#include <gst/rtsp/gstrtspconnection.h>

// A description is some kilobytes.
#define MOST_BYTES (256u << 10)

typedef GstRTSPResult (*create_function)(const GstRTSPUrl *, GstRTSPConnection **);
typedef void (*limit_function)(GstRTSPConnection *, guint);

GstRTSPResult gst_rtsp_connection_create(const GstRTSPUrl *url, GstRTSPConnection **connection) {
  static gsize ready = 0;
  static create_function create = NULL;
  static limit_function limit = NULL;
  if (g_once_init_enter(&ready)) {
    // Loaded already, or nobody would call.
    void *library = dlopen("libgstrtsp-1.0.so.0", RTLD_LAZY);
    if (library != NULL) {
      create = (create_function)dlsym(library, "gst_rtsp_connection_create");
      limit = (limit_function)dlsym(library, "gst_rtsp_connection_set_content_length_limit");
    }
    g_once_init_leave(&ready, 1);
  }
  if (create == NULL || create == gst_rtsp_connection_create) return GST_RTSP_ENOTIMPL;
  GstRTSPResult result = create(url, connection);
  if (result == GST_RTSP_OK && limit != NULL) limit(*connection, MOST_BYTES);
  return result;
}
