// Buffers whose bytes lie one behind the other in blocks of memory that are mapped by themselves.

#define _DEFAULT_SOURCE
#include "gstreamer_shims.h"

#include <sys/mman.h>

struct cgst_block {
  // The owner's, and one for each memory that lies in it.
  gint references;
  // Of the mapping, and how much of it is taken, this header in both. `taken` is the owner's alone.
  gsize size, taken;
};

enum { ALIGNMENT = 64 };

static gsize aligned(gsize size) { return (size + ALIGNMENT - 1) & ~(gsize)(ALIGNMENT - 1); }

cgst_block *cgst_block_new(gsize size) {
  size += aligned(sizeof(cgst_block));
  cgst_block *block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) return NULL;
  *block = (cgst_block){.references = 1, .size = size, .taken = aligned(sizeof *block)};
  return block;
}

void cgst_block_unref(cgst_block *block) {
  if (g_atomic_int_dec_and_test(&block->references)) munmap(block, block->size);
}

gsize cgst_block_free_bytes(const cgst_block *block) { return block->size - block->taken; }

static void release(gpointer block) { cgst_block_unref(block); }

GstBuffer *cgst_block_copy(cgst_block *block, GstBuffer *source) {
  const gsize size = gst_buffer_get_size(source);
  if (size > cgst_block_free_bytes(block)) return NULL;
  guint8 *place = (guint8 *)block + block->taken;
  if (gst_buffer_extract(source, 0, place, size) != size) return NULL;
  GstBuffer *copy = gst_buffer_new();
  GstMemory *memory = gst_memory_new_wrapped(GST_MEMORY_FLAG_READONLY, place, size, 0, size, block, release);
  g_atomic_int_inc(&block->references);
  gst_buffer_append_memory(copy, memory);
  gst_buffer_copy_into(copy, source, GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
  block->taken = MIN(block->size, block->taken + aligned(size));
  return copy;
}
