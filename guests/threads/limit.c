/* limit [MOST]: starts threads, all of which wait, until it gets no more or has MOST (65536); prints how many, and the
 * number of the error that the next one gave (0: none); then lets them end, and starts one more. */
#include <stdlib.h>

#include "thread.h"

#define MOST 65536

static int gate, passed;
static Thread *threads[MOST];

static void stand(int number) {
  (void)number;
  while (!__atomic_load_n(&gate, __ATOMIC_SEQ_CST)) park(&gate, 0, FOR_EVER);
  __atomic_fetch_add(&passed, 1, __ATOMIC_SEQ_CST);
}

int main(int argc, char **argv) {
  int most = argc > 1 && atoi(argv[1]) < MOST ? atoi(argv[1]) : MOST, count = 0, error = 0;
  while (count < most && !(error = try_spawn(stand, count, &threads[count]))) count++;
  say("limit: %d threads, error %d", count, error);
  __atomic_store_n(&gate, 1, __ATOMIC_SEQ_CST);
  unpark(&gate, ALL);
  for (int i = 0; i < count; i++) join(threads[i]);
  run_threads(stand, 1);
  say("limit: %d passed", passed);
  return 0;
}
