/* calls WHICH [N] [PATH]: what a call costs: times N (100000) raw calls and prints ns a call on stderr. WHICH:
 * clocks, randoms (32 B), polls (no wait), writes (64 B to PATH or stdout), reads (4 KiB of PATH, again and again,
 * or of stdin). A host may also call the exports without _start; each gives how many of its calls failed. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wasi/api.h>

#define EXPORTED(name) __attribute__((export_name(#name))) int name

static uint8_t block[4096];
static __wasi_size_t got;

EXPORTED(clocks)(int n) {
  int bad = 0;
  __wasi_timestamp_t stamp;
  while (n-- > 0) bad += __wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &stamp) != 0;
  return bad;
}

EXPORTED(randoms)(int n) {
  int bad = 0;
  while (n-- > 0) bad += __wasi_random_get(block, 32) != 0;
  return bad;
}

EXPORTED(polls)(int n) {
  int bad = 0;
  __wasi_event_t event;
  __wasi_subscription_t now = {.u = {.tag = __WASI_EVENTTYPE_CLOCK}};
  now.u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
  while (n-- > 0) bad += __wasi_poll_oneoff(&now, &event, 1, &got) != 0;
  return bad;
}

EXPORTED(writes)(int fd, int n) {
  int bad = 0;
  const __wasi_ciovec_t all = {block, 64};
  memset(block, '.', 64);
  while (n-- > 0) bad += __wasi_fd_write(fd, &all, 1, &got) != 0 || got != 64;
  return bad;
}

EXPORTED(reads)(int fd, int n) {
  int bad = 0;
  const __wasi_iovec_t all = {block, sizeof block};
  __wasi_filesize_t start;
  while (n-- > 0) {
    bad += __wasi_fd_read(fd, &all, 1, &got) != 0;
    if (got == 0) bad += __wasi_fd_seek(fd, 0, __WASI_WHENCE_SET, &start) != 0;
  }
  return bad;
}

static int run(const char *which, int n, const char *path) {
  int reading = strcmp(which, "reads") == 0, fd = reading ? 0 : 1;
  if (path) fd = open(path, reading ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (reading) return reads(fd, n);
  if (strcmp(which, "writes") == 0) return writes(fd, n);
  if (strcmp(which, "randoms") == 0) return randoms(n);
  return strcmp(which, "polls") == 0 ? polls(n) : clocks(n);
}

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv) {
  const char *which = argc > 1 ? argv[1] : "clocks";
  int n = argc > 2 ? atoi(argv[2]) : 100000;
  double start = now_ns();
  int bad = run(which, n, argc > 3 ? argv[3] : NULL);
  fprintf(stderr, "%s: %d calls, %d failed, %.1f ns a call\n", which, n, bad, (now_ns() - start) / n);
  return bad != 0;
}
