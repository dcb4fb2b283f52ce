/* overlap: five threads, each in a call of its own at the same time: one reads stdin until its end, one serves a client
 * of the socket in REPLRT_LISTEN_FD (if any) until its end, one sleeps, one waits until its time runs out, one computes
 * until the others are done. Prints what each gets, as it comes. */
#include "thread.h"

#define STEPS 3
#define STEP (20 * MS)

static int listener;
static volatile int left = 4;
static volatile unsigned rounds;

static void copy(int fd, const char *what) {
  Input in = {.fd = fd};
  char line[LINE + 1];
  while (next_line(&in, line)) say("%s %s", what, line);
  say("%s its end", what);
}

static void read_input(void) { copy(0, "read"); }

static void serve(void) {
  if (listener < 0) return;
  int fd = next_connection(listener);
  say("accepted");
  copy(fd, "received");
  hang_up(fd);
}

static void sleep_on(void) {
  for (int i = 1; i <= STEPS; i++) {
    pause_for(STEP);
    say("slept %d", i);
  }
}

static void wait_on(void) {
  int nothing = 0;
  for (int i = 1; i <= STEPS; i++) say(park(&nothing, 0, STEP) == 2 ? "waited %d" : "woken %d", i);
}

static void work(int number) {
  static void (*const works[])(void) = {read_input, serve, sleep_on, wait_on};
  if (number < 4) {
    works[number]();
    __atomic_fetch_sub(&left, 1, __ATOMIC_SEQ_CST);
  } else {
    while (left > 0) rounds = rounds + 1;
    say("computed");
  }
}

int main(void) {
  listener = listening();
  run_threads(work, 5);
  say("overlap: done");
  return 0;
}
