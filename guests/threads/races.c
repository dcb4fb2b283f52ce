/* races [ROUNDS] [THREADS]: THREADS (4) threads read and write the same memory by plain accesses of every width,
 * ROUNDS (10000) times each; what it prints depends on every one of them. */
#include <stdlib.h>
#include <string.h>

#include "thread.h"

#define BYTES 1024

static int rounds;
static volatile unsigned counter;
static volatile uint64_t wide = 1;
static volatile uint16_t narrow;
static volatile double real = 1;
static volatile unsigned char bytes[BYTES];

static void work(int number) {
  for (int i = 0; i < rounds; i++) {
    counter = counter + 1;
    unsigned at = counter % BYTES;
    bytes[at] = (unsigned char)(bytes[(at * 7 + 1) % BYTES] + number + 1);
    wide = wide * 0x9e3779b97f4a7c15 + counter;
    narrow = (uint16_t)(narrow ^ wide);
    real = real * 0.5 + narrow;
    if (i % 64 == number) memmove((char *)bytes + at / 2, (char *)bytes + at / 3, BYTES / 4);
  }
}

int main(int argc, char **argv) {
  rounds = argc > 1 ? atoi(argv[1]) : 10000;
  run_threads(work, argc > 2 ? atoi(argv[2]) : 4);
  unsigned sum = 2166136261;
  for (int i = 0; i < BYTES; i++) sum = (sum ^ bytes[i]) * 16777619;
  say("races: counter %u, wide %016llx, narrow %04x, real %lld, bytes %08x", counter, wide, narrow, (long long)real,
      sum);
  return 0;
}
