/* turns [ROUNDS]: two threads change one number under a lock, ROUNDS (1000) times each: one adds 1, the other doubles
 * it modulo a prime; prints the number and a hash of all its values: both depend on who came when. */
#include <stdlib.h>

#include "thread.h"

#define PRIME 1000003

static Mutex mutex;
static int rounds;
static unsigned x = 1, order;

static void change(int doubles) {
  for (int i = 0; i < rounds; i++) {
    lock(&mutex);
    x = doubles ? x * 2 % PRIME : x + 1;
    order = order * 31 + x;
    unlock(&mutex);
  }
}

int main(int argc, char **argv) {
  rounds = argc > 1 ? atoi(argv[1]) : 1000;
  run_threads(change, 2);
  say("turns: x %u, order %08x", x, order);
  return 0;
}
