/* Clocks: prints what realtime and monotonic gave, as "ROUND REALTIME MONOTONIC", and that they and the clocks of the
 * processor's time don't go back. */
#include <inttypes.h>
#include <stdio.h>
#include "wasi.h"

#define CLOCKS 4

static __wasi_timestamp_t last[CLOCKS];

void clocks(const struct round *round) {
  __wasi_timestamp_t now[CLOCKS], resolution;
  int forward = 1, fine = 1;
  for (uint32_t id = 0; id < CLOCKS; id++) {
    need("read a clock", __wasi_clock_time_get(id, 1, &now[id]));
    need("read a resolution", __wasi_clock_res_get(id, &resolution));
    forward &= now[id] >= last[id];
    fine &= resolution > 0 && resolution <= 1000000000;
    last[id] = now[id];
  }
  char step[16];
  snprintf(step, sizeof step, "%d", round->number);
  sayf(step, 0, "%" PRIu64 " %" PRIu64 "%s%s", now[0], now[1], forward ? "" : " back", fine ? "" : " coarse");
}
