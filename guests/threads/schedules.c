/* schedules MODE [ROUNDS]: what a schedule can do to two threads that add 1 to a number, ROUNDS (50) times each. MODE:
 * lost, without a lock, where additions get lost in some schedules; deadlock, under two locks that each takes in an
 * order of its own, where some schedules never end; correct, in one order. Prints the number. */
#include <stdlib.h>
#include <string.h>

#include "thread.h"

static int rounds, present;
static bool reverse;
static volatile int x;
static Mutex locks[2];

/* Neither begins before the other is there. */
static void meet(void) {
  if (__atomic_add_fetch(&present, 1, __ATOMIC_SEQ_CST) == 2) unpark(&present, ALL);
  for (int seen; (seen = __atomic_load_n(&present, __ATOMIC_SEQ_CST)) < 2;) park(&present, seen, FOR_EVER);
}

static void plainly(int number) {
  (void)number;
  meet();
  for (int i = 0; i < rounds; i++) x = x + 1;
}

static void locked(int number) {
  Mutex *outer = &locks[reverse && number], *inner = &locks[!(reverse && number)];
  meet();
  for (int i = 0; i < rounds; i++) {
    lock(outer);
    lock(inner);
    x = x + 1;
    unlock(inner);
    unlock(outer);
  }
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  rounds = argc > 2 ? atoi(argv[2]) : 50;
  reverse = strcmp(mode, "deadlock") == 0;
  bool lost = strcmp(mode, "lost") == 0;
  bool correct = strcmp(mode, "correct") == 0;
  if (!lost && !reverse && !correct) fail("schedules: cannot start: MODE is lost, deadlock or correct");
  run_threads(lost ? plainly : locked, 2);
  say("x = %d", x);
  return 0;
}
