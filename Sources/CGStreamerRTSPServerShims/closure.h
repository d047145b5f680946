#pragma once

#include "gstreamer_rtsp_server_shims.h"

#include <glib-object.h>

// A callback with its context, freed through `free_closure`.
typedef struct {
  void (*function)(void);
  void *context;
  crtsp_call destroy;
} closure;

static inline closure *new_closure(void (*function)(void), void *context, crtsp_call destroy) {
  closure *self = g_new0(closure, 1);
  self->function = function;
  self->context = context;
  self->destroy = destroy;
  return self;
}

static inline void free_closure(gpointer data) {
  closure *self = data;
  self->destroy(self->context);
  g_free(self);
}

static inline void free_signal_closure(gpointer data, GClosure *unused) { free_closure(data); }

static inline void call(closure *self) { ((crtsp_call)self->function)(self->context); }
