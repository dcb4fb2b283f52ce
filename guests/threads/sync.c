/* sync MODE [ROUNDS] [THREADS]: what threads cost, here or on real ones: THREADS (2) threads, ROUNDS (100000) rounds
 * each. MODE: lock, a short section under one lock and as much outside; cpu, pure computing. Prints a checksum, which
 * no schedule changes. */
#include <stdlib.h>
#include <string.h>

#include "thread.h"

#define MOST 256
#define APART 16 /* of what threads write, so that they share no cache line */

static int rounds;
static Mutex mutex;
static volatile uint64_t shared, own[MOST * APART];

static void locks(int number) {
  volatile uint64_t *mine = &own[number * APART];
  for (int i = 0; i < rounds; i++) {
    lock(&mutex);
    for (int j = 0; j < 20; j++) shared = shared + (uint64_t)(i ^ j);
    unlock(&mutex);
    for (int j = 0; j < 20; j++) *mine = *mine + (uint64_t)(i ^ j);
  }
}

static void computes(int number) {
  uint64_t x = (uint64_t)number + 1, sum = 0;
  for (int i = 0; i < rounds; i++) {
    for (int j = 0; j < 100; j++) {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
      sum = (sum ^ x) * 0x9e3779b97f4a7c15;
    }
  }
  own[number * APART] = sum;
}

int main(int argc, char **argv) {
  bool cpu = argc > 1 && strcmp(argv[1], "cpu") == 0;
  if (!cpu && (argc < 2 || strcmp(argv[1], "lock") != 0)) fail("sync: cannot start: MODE is lock or cpu");
  rounds = argc > 2 ? atoi(argv[2]) : 100000;
  int threads = argc > 3 ? atoi(argv[3]) : 2;
  if (threads > MOST) fail("sync: cannot have more than %d threads", MOST);
  run_threads(cpu ? computes : locks, threads);
  uint64_t sum = shared;
  for (int i = 0; i < threads; i++) sum = sum * 31 + own[i * APART];
  say("%016llx", sum);
  return 0;
}
