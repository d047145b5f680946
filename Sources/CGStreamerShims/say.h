#pragma once

#include <glib.h>

/// Writes what went wrong, cut to `capacity` bytes with the NUL.
static inline void say(char *message, gsize capacity, const char *format, ...) G_GNUC_PRINTF(3, 4);

static inline void say(char *message, gsize capacity, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  g_vsnprintf(message, capacity, format, arguments);
  va_end(arguments);
}
