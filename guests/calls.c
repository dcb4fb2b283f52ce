/* calls WHICH [N] [PATH]: what a call costs: times N (100000) raw calls and prints ns a call on stderr. WHICH:
 * clocks, randoms (32 B), polls (no wait), readies (a poll for stdout), writes (64 B to PATH or stdout), reads (4 KiB
 * of PATH, again and again, or of stdin), stats (PATH, in the first directory), spins (a million steps of computing).
 * `calls -` takes such orders from stdin, a line each, until its end, and answers each with ns a call on stdout. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

#define FIRST_DIRECTORY 3

typedef struct {
  const char *name;
  int (*run)(int fd, const char *path, int n); /* how many of the calls failed */
  int fd, flags;                               /* what it works on without a PATH, how it opens one; -1: not at all */
} Call;

static uint8_t block[4096];
static __wasi_size_t got;

static int clocks(int fd, const char *path, int n) {
  (void)fd, (void)path;
  int bad = 0;
  __wasi_timestamp_t stamp;
  while (n-- > 0) bad += __wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &stamp) != 0;
  return bad;
}

static int randoms(int fd, const char *path, int n) {
  (void)fd, (void)path;
  int bad = 0;
  while (n-- > 0) bad += __wasi_random_get(block, 32) != 0;
  return bad;
}

static int poll_for(const __wasi_subscription_t *what, int n) {
  int bad = 0;
  __wasi_event_t event;
  while (n-- > 0) bad += __wasi_poll_oneoff(what, &event, 1, &got) != 0 || event.error != 0;
  return bad;
}

static int polls(int fd, const char *path, int n) {
  (void)fd, (void)path;
  __wasi_subscription_t now = {.u = {.tag = __WASI_EVENTTYPE_CLOCK}};
  now.u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
  return poll_for(&now, n);
}

static int readies(int fd, const char *path, int n) {
  (void)path;
  __wasi_subscription_t writable = {.u = {.tag = __WASI_EVENTTYPE_FD_WRITE}};
  writable.u.u.fd_write.file_descriptor = fd;
  return poll_for(&writable, n);
}

static int writes(int fd, const char *path, int n) {
  (void)path;
  int bad = 0;
  const __wasi_ciovec_t all = {block, 64};
  memset(block, '.', 64);
  while (n-- > 0) bad += __wasi_fd_write(fd, &all, 1, &got) != 0 || got != 64;
  return bad;
}

static int reads(int fd, const char *path, int n) {
  (void)path;
  int bad = 0;
  const __wasi_iovec_t all = {block, sizeof block};
  __wasi_filesize_t start;
  while (n-- > 0) {
    bad += __wasi_fd_read(fd, &all, 1, &got) != 0;
    if (got == 0) bad += __wasi_fd_seek(fd, 0, __WASI_WHENCE_SET, &start) != 0;
  }
  return bad;
}

static int stats(int fd, const char *path, int n) {
  int bad = 0;
  __wasi_filestat_t stat;
  const char *slash = path ? strrchr(path, '/') : NULL, *name = slash ? slash + 1 : path ? path : ".";
  while (n-- > 0) bad += __wasi_path_filestat_get(fd, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, name, &stat) != 0;
  return bad;
}

static int spins(int fd, const char *path, int n) {
  (void)fd, (void)path;
  static volatile uint64_t result;
  uint64_t x = 1, sum = 0;
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < 1000000; j++) {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
      sum = (sum ^ x) * 0x9e3779b97f4a7c15;
    }
  }
  result = sum;
  return result == 0;
}

static const Call CALLS[] = {
    {"clocks", clocks, -1, -1},
    {"randoms", randoms, -1, -1},
    {"polls", polls, -1, -1},
    {"readies", readies, STDOUT_FILENO, -1},
    {"writes", writes, STDOUT_FILENO, O_WRONLY | O_CREAT | O_TRUNC},
    {"reads", reads, STDIN_FILENO, O_RDONLY},
    {"stats", stats, FIRST_DIRECTORY, -1},
    {"spins", spins, -1, -1},
};

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Makes the calls; gives ns a call, and in `bad` how many failed: all, where nothing can be called. */
static double measure(const char *which, int n, const char *path, int *bad) {
  *bad = n;
  for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
    const Call *call = &CALLS[i];
    if (strcmp(call->name, which) != 0) continue;
    bool opens = path && call->flags >= 0;
    int fd = opens ? open(path, call->flags, 0644) : call->fd;
    if (opens && fd < 0) return 0;
    double start = now_ns();
    *bad = call->run(fd, path, n);
    double ns = (now_ns() - start) / n;
    if (opens) close(fd);
    return ns;
  }
  return 0;
}

/* Waits for a line; some hosts do not block on an empty pipe. */
static bool next_order(char *line, int size) {
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  while (!fgets(line, size, stdin)) {
    if (!ferror(stdin) || errno != EAGAIN) return false;
    clearerr(stdin);
    poll(&input, 1, -1);
  }
  return true;
}

static int take_orders(void) {
  char line[256], which[32], path[128];
  while (next_order(line, sizeof line)) {
    int n = 0, bad, words = sscanf(line, "%31s %d %127s", which, &n, path);
    double ns = measure(which, n, words == 3 ? path : NULL, &bad);
    if (words < 2 || bad != 0) {
      fprintf(stderr, "calls: %d calls failed of %s", bad, line);
      return 1;
    }
    printf("%.2f\n", ns);
    fflush(stdout);
  }
  return 0;
}

int main(int argc, char **argv) {
  const char *which = argc > 1 ? argv[1] : "clocks";
  if (strcmp(which, "-") == 0) return take_orders();
  int bad, n = argc > 2 ? atoi(argv[2]) : 100000;
  double ns = measure(which, n, argc > 3 ? argv[3] : NULL, &bad);
  fprintf(stderr, "%s: %d calls, %d failed, %.1f ns a call\n", which, n, bad, ns);
  return bad != 0;
}
