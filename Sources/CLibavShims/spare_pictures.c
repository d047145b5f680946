#include "spare_pictures.h"

#include <libavutil/imgutils.h>
#include <libavutil/mem.h>
#include <libavutil/time.h>
#include <pthread.h>
#include <string.h>

enum {
  // As many as are looked at at once on a few cores; 3 MB each at 1080p.
  MOST_SPARE = 2,
  MOST_IDLE_MICROSECONDS = 10 * 1000 * 1000,
  // What libavcodec's own buffers have: vectors of AVX-512, and some bytes that may be read behind the last row.
  ALIGNMENT = 64,
  BEHIND = 16 + ALIGNMENT,
};

typedef struct {
  uint8_t *memory;
  size_t size;
  int64_t since;
} spare;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
// Under `mutex`, the oldest first.
static spare spares[MOST_SPARE];
static int count;

static uint8_t *remove_at(int place) {
  uint8_t *memory = spares[place].memory;
  count--;
  memmove(spares + place, spares + place + 1, (size_t)(count - place) * sizeof *spares);
  return memory;
}

static uint8_t *take(size_t size) {
  uint8_t *memory = NULL;
  pthread_mutex_lock(&mutex);
  for (int place = count - 1; place >= 0 && !memory; place--)
    if (spares[place].size == size) memory = remove_at(place);
  pthread_mutex_unlock(&mutex);
  return memory ? memory : av_malloc(size);
}

static void give(void *size, uint8_t *memory) {
  const int64_t now = av_gettime_relative();
  uint8_t *left_over = NULL;
  pthread_mutex_lock(&mutex);
  if (count == MOST_SPARE || (count > 0 && now - spares[0].since > MOST_IDLE_MICROSECONDS)) left_over = remove_at(0);
  spares[count++] = (spare){memory, (size_t)size, now};
  pthread_mutex_unlock(&mutex);
  av_free(left_over);
}

int cav_get_blank(AVCodecContext *context, AVFrame *frame, int flags) {
  int width = frame->width, height = frame->height, alignments[AV_NUM_DATA_POINTERS];
  avcodec_align_dimensions2(context, &width, &height, alignments);
  const int bytes = av_image_get_buffer_size(frame->format, width, height, ALIGNMENT);
  if (bytes < 0) return bytes;
  const size_t size = (size_t)bytes + BEHIND;
  uint8_t *memory = take(size);
  if (!memory) return AVERROR(ENOMEM);
  memset(memory, 0, size);
  frame->buf[0] = av_buffer_create(memory, size, give, (void *)size, 0);
  if (!frame->buf[0]) {
    av_free(memory);
    return AVERROR(ENOMEM);
  }
  frame->extended_data = frame->data;
  return av_image_fill_arrays(frame->data, frame->linesize, memory, frame->format, width, height, ALIGNMENT) < 0 ? AVERROR_BUG : 0;
}
