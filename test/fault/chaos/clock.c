/* The wall clock of one process tree, moved by the seconds in a shared file; the monotonic clocks stay. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *moved;
static int (*real_get)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
  real_get = dlsym(RTLD_NEXT, "clock_gettime");
  int file = open("/run/eos-chaos-clock", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void *found = mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (found != MAP_FAILED) moved = found;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int outcome = real_get(clock, time);
  if (outcome == 0 && moved && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += *moved;
  return outcome;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  struct timespec now;
  int outcome = clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return outcome;
}

time_t time(time_t *where) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (where) *where = now.tv_sec;
  return now.tv_sec;
}
