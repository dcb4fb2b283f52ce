/* paces -: what threads cost (for bench/): takes orders `NAME N [THREADS]` from stdin, a line each, until its end, and
 * answers each with ns of the clock, one of N, on stdout. THREADS (1) share N steps of: lock (a short section under one lock
 * and as much outside), cpu (pure computing), yields (sched_yield), hands (what two of them hand to each other by wait and
 * notify), rounds (of the shortest loop). N threads: joins (spawned and joined one by one), spawns (only their spawning). */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "thread.h"

#define MOST 1024
#define APART 16 /* of what threads write, so that they share no cache line */

static int steps; /* of each thread */
static Mutex mutex;
static int turn;
static volatile uint64_t shared, own[MOST * APART];

static void locks(int number) {
  volatile uint64_t *mine = &own[number * APART];
  for (int i = 0; i < steps; i++) {
    lock(&mutex);
    for (int j = 0; j < 20; j++) shared = shared + (uint64_t)(i ^ j);
    unlock(&mutex);
    for (int j = 0; j < 20; j++) *mine = *mine + (uint64_t)(i ^ j);
  }
}

static uint64_t generate(uint64_t x) {
  uint64_t sum = 0;
  for (int j = 0; j < 100; j++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    sum = (sum ^ x) * 0x9e3779b97f4a7c15;
  }
  return sum;
}

static void computes(int number) {
  uint64_t sum = (uint64_t)number + 1;
  for (int i = 0; i < steps; i++) sum += generate(sum | 1);
  own[number * APART] = sum;
}

static void yields(int number) {
  (void)number;
  for (int i = 0; i < steps; i++) sched_yield();
}

static void hands(int number) {
  for (int i = 0; i < steps; i++) {
    while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) != number) park(&turn, 1 - number, FOR_EVER);
    __atomic_store_n(&turn, 1 - number, __ATOMIC_SEQ_CST);
    unpark(&turn, 1);
  }
}

static void rounds(int number) {
  volatile uint64_t *mine = &own[number * APART];
#pragma clang loop unroll(disable)
  for (int i = 0; i < steps; i++) *mine = (uint64_t)i;
}

static void nothing(int number) { (void)number; }

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t shared_steps(Body *body, int n, int threads) {
  steps = n / threads;
  int64_t start = now_ns();
  run_threads(body, threads);
  return now_ns() - start;
}

static int64_t joins(int n) {
  int64_t start = now_ns();
  for (int i = 0; i < n; i++) join(spawn(nothing, i));
  return now_ns() - start;
}

static int64_t spawns(int n) {
  Thread *threads[MOST];
  int64_t start = now_ns();
  for (int i = 0; i < n; i++) threads[i] = spawn(nothing, i);
  int64_t ns = now_ns() - start;
  for (int i = 0; i < n; i++) join(threads[i]);
  return ns;
}

static int64_t obey(const char *name, int n, int threads) {
  static const struct {
    const char *name;
    Body *body;
  } bodies[] = {{"lock", locks}, {"cpu", computes}, {"yields", yields}, {"hands", hands}, {"rounds", rounds}};
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    if (strcmp(name, bodies[i].name) == 0) return shared_steps(bodies[i].body, n, threads);
  }
  if (strcmp(name, "joins") == 0) return joins(n);
  if (strcmp(name, "spawns") == 0 && n <= MOST) return spawns(n);
  fail("paces: cannot do %d of %s", n, name);
}

int main(void) {
  static Input in;
  char line[LINE + 1], name[16];
  while (next_line(&in, line)) {
    int n, threads = 1;
    if (sscanf(line, "%15s %d %d", name, &n, &threads) < 2 || n < 1 || threads < 1 || threads > MOST) {
      fail("paces: cannot take the order %s", line);
    }
    int64_t hundredths = obey(name, n, threads) * 100 / n;
    say("%lld.%02d", hundredths / 100, (int)(hundredths % 100));
  }
  return 0;
}
