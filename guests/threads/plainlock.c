/* plainlock [ROUNDS] [THREADS]: a lock that looks at its words by plain loads before its atomics, as the mutexes of
 * libraries do; THREADS (3) threads take it ROUNDS (2000) times each. Prints how often it was held, which must be right
 * and by one at a time (else 1), and a hash of the order. */
#include <stdlib.h>

#include "thread.h"

#define SPINS 50
#define CONTENDED 0x40000000

static struct {
  volatile int holder; /* 0 free; else the holder's number from 1 on, and perhaps CONTENDED */
  volatile int waiters;
} plain;
static int rounds;
static volatile int inside, overlaps;
static unsigned held, order;

static int swap(int from, int to) {
  __atomic_compare_exchange_n(&plain.holder, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return from;
}

static void take(int number) {
  for (int left = SPINS; left && plain.holder && !plain.waiters; left--) {
  }
  for (;;) {
    int holder = plain.holder;
    if (!holder) {
      if (!swap(0, number)) return;
      continue;
    }
    __atomic_fetch_add(&plain.waiters, 1, __ATOMIC_SEQ_CST);
    int marked = holder | CONTENDED;
    swap(holder, marked);
    park((int *)&plain.holder, marked, FOR_EVER);
    __atomic_fetch_sub(&plain.waiters, 1, __ATOMIC_SEQ_CST);
  }
}

static void give(void) {
  int waiters = plain.waiters;
  int holder = __atomic_exchange_n(&plain.holder, 0, __ATOMIC_SEQ_CST);
  if (waiters || holder & CONTENDED) unpark((int *)&plain.holder, 1);
}

static void work(int number) {
  for (int i = 0; i < rounds; i++) {
    take(number + 1);
    overlaps = overlaps + (inside != 0);
    inside = inside + 1;
    held++;
    order = order * 31 + (unsigned)number;
    inside = inside - 1;
    give();
  }
}

int main(int argc, char **argv) {
  rounds = argc > 1 ? atoi(argv[1]) : 2000;
  int threads = argc > 2 ? atoi(argv[2]) : 3;
  run_threads(work, threads);
  say("plainlock: held %u times, overlaps %d, order %08x", held, overlaps, order);
  return overlaps || held != (unsigned)(rounds * threads);
}
