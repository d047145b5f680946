// Properties of objects, set by their names.

#include "gstreamer_shims.h"
#include "say.h"

// The property's description when it can be set, else NULL and a message.
static GParamSpec *writable(gpointer object, const char *name, char *message, gsize capacity) {
  GParamSpec *property = g_object_class_find_property(G_OBJECT_GET_CLASS(object), name);
  if (property == NULL) {
    say(message, capacity, "there is no property of that name");
    return NULL;
  }
  if (!(property->flags & G_PARAM_WRITABLE)) {
    say(message, capacity, "the property is read-only");
    return NULL;
  }
  return property;
}

// Transforms `value` to the property's type and sets it; takes over (unsets) `value`.
static gboolean set_value(gpointer object, const char *name, GValue *value, char *message, gsize capacity) {
  GParamSpec *property = writable(object, name, message, capacity);
  gboolean done = FALSE;
  if (property != NULL) {
    GValue fitted = G_VALUE_INIT;
    g_value_init(&fitted, G_PARAM_SPEC_VALUE_TYPE(property));
    // A number that does not fit is cut by the transformation without a word, so it is turned back and compared.
    GValue back = G_VALUE_INIT;
    g_value_init(&back, G_VALUE_TYPE(value));
    if (!g_value_transform(value, &fitted)) {
      say(message, capacity, "the property is a %s", G_PARAM_SPEC_TYPE_NAME(property));
    } else if (
        g_value_type_transformable(G_VALUE_TYPE(&fitted), G_VALUE_TYPE(&back)) &&
        !(g_value_transform(&fitted, &back) && gst_value_compare(value, &back) == GST_VALUE_EQUAL)) {
      say(message, capacity, "the value is outside of the property's type");
    } else if (g_param_value_validate(property, &fitted)) {
      say(message, capacity, "the value is outside of the property's bounds");
    } else {
      g_object_set_property(G_OBJECT(object), name, &fitted);
      done = TRUE;
    }
    g_value_unset(&fitted);
    g_value_unset(&back);
  }
  g_value_unset(value);
  return done;
}

gboolean cgst_set_text(gpointer object, const char *name, const char *value, char *message, gsize capacity) {
  GParamSpec *property = writable(object, name, message, capacity);
  if (property == NULL) return FALSE;
  if (G_PARAM_SPEC_VALUE_TYPE(property) == G_TYPE_STRING) {
    g_object_set(object, name, value, NULL);
    return TRUE;
  }
  GValue parsed = G_VALUE_INIT;
  g_value_init(&parsed, G_PARAM_SPEC_VALUE_TYPE(property));
  gboolean done = gst_value_deserialize(&parsed, value);
  if (done)
    g_object_set_property(G_OBJECT(object), name, &parsed);
  else
    say(message, capacity, "the value is not one of a %s", G_PARAM_SPEC_TYPE_NAME(property));
  g_value_unset(&parsed);
  return done;
}

gboolean cgst_set_integer(gpointer object, const char *name, gint64 value, char *message, gsize capacity) {
  GValue holder = G_VALUE_INIT;
  g_value_init(&holder, G_TYPE_INT64);
  g_value_set_int64(&holder, value);
  return set_value(object, name, &holder, message, capacity);
}

gboolean cgst_set_unsigned(gpointer object, const char *name, guint64 value, char *message, gsize capacity) {
  GValue holder = G_VALUE_INIT;
  g_value_init(&holder, G_TYPE_UINT64);
  g_value_set_uint64(&holder, value);
  return set_value(object, name, &holder, message, capacity);
}

gboolean cgst_set_real(gpointer object, const char *name, gdouble value, char *message, gsize capacity) {
  GValue holder = G_VALUE_INIT;
  g_value_init(&holder, G_TYPE_DOUBLE);
  g_value_set_double(&holder, value);
  return set_value(object, name, &holder, message, capacity);
}

gboolean cgst_set_boolean(gpointer object, const char *name, gboolean value, char *message, gsize capacity) {
  GValue holder = G_VALUE_INIT;
  g_value_init(&holder, G_TYPE_BOOLEAN);
  g_value_set_boolean(&holder, value);
  return set_value(object, name, &holder, message, capacity);
}

gboolean cgst_set_caps(gpointer object, const char *name, GstCaps *value, char *message, gsize capacity) {
  GParamSpec *property = writable(object, name, message, capacity);
  if (property == NULL) return FALSE;
  if (G_PARAM_SPEC_VALUE_TYPE(property) != GST_TYPE_CAPS) {
    say(message, capacity, "the property is a %s", G_PARAM_SPEC_TYPE_NAME(property));
    return FALSE;
  }
  g_object_set(object, name, value, NULL);
  return TRUE;
}

gboolean cgst_get_unsigned(GstElement *element, const char *name, guint64 *value) {
  GParamSpec *property = g_object_class_find_property(G_OBJECT_GET_CLASS(element), name);
  if (property == NULL || !(property->flags & G_PARAM_READABLE)) return FALSE;
  if (!g_value_type_transformable(G_PARAM_SPEC_VALUE_TYPE(property), G_TYPE_UINT64)) return FALSE;
  GValue holder = G_VALUE_INIT;
  g_value_init(&holder, G_TYPE_UINT64);
  g_object_get_property(G_OBJECT(element), name, &holder);
  *value = g_value_get_uint64(&holder);
  g_value_unset(&holder);
  return TRUE;
}
