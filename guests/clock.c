/* clock [TIMES]: clocks as inputs: prints monotonic and realtime in ns, TIMES (1) times, as fast as it can;
 * exits with 1 if the monotonic clock goes back. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int main(int argc, char **argv) {
  int64_t last = 0;
  for (int left = argc > 1 ? atoi(argv[1]) : 1; left > 0; left--) {
    int64_t monotonic = now(CLOCK_MONOTONIC);
    printf("monotonic %" PRId64 " realtime %" PRId64 "\n", monotonic, now(CLOCK_REALTIME));
    if (monotonic < last) {
      fprintf(stderr, "clock: monotonic went back by %" PRId64 " ns\n", last - monotonic);
      return 1;
    }
    last = monotonic;
  }
  return 0;
}
