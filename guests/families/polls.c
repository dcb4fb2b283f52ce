/* Waiting: for relative times, for descriptors, for several at once; and, as a family of its own, for absolute times. */
#include <stdio.h>
#include <string.h>
#include "wasi.h"

#define MS 1000000ull
#define HOUR (3600000 * MS)
#define REALTIME __WASI_CLOCKID_REALTIME
#define MONOTONIC __WASI_CLOCKID_MONOTONIC
#define ABSOLUTE __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME

static __wasi_subscription_t clock_(uint64_t userdata, uint32_t id, uint64_t timeout, int flags) {
  __wasi_subscription_t s = {.userdata = userdata, .u.tag = __WASI_EVENTTYPE_CLOCK};
  s.u.u.clock = (__wasi_subscription_clock_t){id, timeout, 0, (__wasi_subclockflags_t)flags};
  return s;
}

static __wasi_subscription_t fd_(uint64_t userdata, int fd, uint8_t type) {
  __wasi_subscription_t s = {.userdata = userdata, .u.tag = type};
  s.u.u.fd_read.file_descriptor = fd;
  return s;
}

/* Waits, and says how many events came and of each, by its user data, how it went. */
static void wait_for(const char *step, const __wasi_subscription_t *in, size_t size) {
  __wasi_event_t out[4];
  __wasi_size_t count = 0;
  Errno e = __wasi_poll_oneoff(in, out, size, &count);
  char text[200] = "";
  for (uint64_t userdata = 0; e == 0 && userdata < 10; userdata++) {
    for (__wasi_size_t i = 0; i < count; i++) {
      if (out[i].userdata != userdata) continue;
      static const char *const types[] = {"clock", "read", "write"};
      const char *how = out[i].error == 0 ? "" : out[i].error == __WASI_ERRNO_BADF ? " badf"
                        : out[i].error == __WASI_ERRNO_INVAL ? " inval" : " failed";
      snprintf(text + strlen(text), sizeof text - strlen(text), " %llu %s%s", userdata, types[out[i].type % 3], how);
    }
  }
  sayf(step, e, "%zu:%s", count, text);
}

static uint64_t now(uint32_t id) {
  __wasi_timestamp_t time = 0;
  need("read a clock", __wasi_clock_time_get(id, 1, &time));
  return time;
}

static void for_clocks(void) {
  __wasi_subscription_t in[3];
  uint64_t start = now(MONOTONIC);
  in[0] = clock_(1, MONOTONIC, 2 * MS, 0);
  wait_for("a relative time", in, 1);
  say_whether("it has passed", now(MONOTONIC) >= start + 2 * MS);
  in[0] = clock_(1, REALTIME, MS, 0);
  wait_for("a relative time of the real clock", in, 1);
  in[0] = clock_(1, MONOTONIC, 0, 0);
  wait_for("no time", in, 1);
  in[0] = clock_(3, MONOTONIC, HOUR, 0);
  in[1] = clock_(1, MONOTONIC, MS, 0);
  in[2] = clock_(2, REALTIME, HOUR, 0);
  wait_for("the first of three times", in, 3);
  in[0] = clock_(1, 77, MS, 0);
  wait_for("a time of no clock", in, 1);
}

static void for_descriptors(int dir) {
  int fd = made(dir, "f", "text");
  __wasi_subscription_t in[4];
  in[0] = fd_(1, fd, __WASI_EVENTTYPE_FD_READ);
  wait_for("a file to read", in, 1);
  in[0] = fd_(1, fd, __WASI_EVENTTYPE_FD_WRITE);
  wait_for("a file to write", in, 1);
  in[0] = fd_(1, 1, __WASI_EVENTTYPE_FD_WRITE);
  wait_for("stdout to write", in, 1);
  in[0] = fd_(1, fd, __WASI_EVENTTYPE_FD_READ);
  in[1] = fd_(2, fd, __WASI_EVENTTYPE_FD_WRITE);
  in[2] = clock_(3, MONOTONIC, HOUR, 0);
  wait_for("a file both ways, or an hour", in, 3);
  in[0] = clock_(1, MONOTONIC, HOUR, 0);
  in[1] = fd_(2, NOT_OPEN, __WASI_EVENTTYPE_FD_READ);
  wait_for("what is not open, or an hour", in, 2);
  in[0] = fd_(1, fd, __WASI_EVENTTYPE_FD_READ);
  in[1] = fd_(2, NOT_OPEN, __WASI_EVENTTYPE_FD_WRITE);
  wait_for("a file, and what is not open", in, 2);
  wait_for("nothing", in, 0);
  let_go(fd);
}

void deadlines(const struct round *round) {
  (void)round;
  __wasi_subscription_t in[2];
  uint64_t due = now(MONOTONIC) + 2 * MS;
  in[0] = clock_(1, MONOTONIC, due, ABSOLUTE);
  wait_for("an absolute time", in, 1);
  say_whether("it has come", now(MONOTONIC) >= due);
  due = now(REALTIME) + 2 * MS;
  in[0] = clock_(1, REALTIME, due, ABSOLUTE);
  wait_for("an absolute time of the real clock", in, 1);
  say_whether("that has come", now(REALTIME) >= due);
  in[0] = clock_(1, REALTIME, 1, ABSOLUTE);
  wait_for("an absolute time in the past", in, 1);
  in[0] = clock_(1, REALTIME, now(REALTIME) + HOUR, ABSOLUTE);
  in[1] = clock_(2, MONOTONIC, now(MONOTONIC) + MS, ABSOLUTE);
  wait_for("the first of two absolute times", in, 2);
}

void polls(const struct round *round) {
  for_clocks();
  for_descriptors(round->dir);
}
