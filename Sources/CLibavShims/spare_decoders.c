#include "spare_decoders.h"

#include <libavutil/time.h>
#include <pthread.h>
#include <string.h>

enum {
  // A 1080p decoder holds some 3 MB. The last one given is taken first, so that the first are there for when many look at once.
  MOST_SPARE = 4,
  MOST_IDLE_MICROSECONDS = 10 * 1000 * 1000,
};

typedef struct {
  AVCodecContext *context;
  int64_t since;
} spare;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
// Under `mutex`, the oldest first.
static spare spares[MOST_SPARE];
static int count;

static AVCodecContext *remove_at(int place) {
  AVCodecContext *context = spares[place].context;
  count--;
  memmove(spares + place, spares + place + 1, (size_t)(count - place) * sizeof *spares);
  return context;
}

AVCodecContext *cav_take_spare(enum AVCodecID codec) {
  AVCodecContext *context = NULL;
  pthread_mutex_lock(&mutex);
  for (int place = count - 1; place >= 0 && !context; place--)
    if (spares[place].context->codec_id == codec) context = remove_at(place);
  pthread_mutex_unlock(&mutex);
  return context;
}

void cav_give_spare(AVCodecContext *context) {
  avcodec_flush_buffers(context);
  const int64_t now = av_gettime_relative();
  AVCodecContext *left_over = NULL;
  pthread_mutex_lock(&mutex);
  if (count == MOST_SPARE || (count > 0 && now - spares[0].since > MOST_IDLE_MICROSECONDS)) left_over = remove_at(0);
  spares[count++] = (spare){context, now};
  pthread_mutex_unlock(&mutex);
  avcodec_free_context(&left_over);
}
