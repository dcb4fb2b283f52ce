/* mixed: one thread computes, and counts its rounds; another reads lines from stdin and answers each with the line and
 * the count at that moment, which depends on the schedule alone. Ends at "end" or the end of stdin. With
 * REPLRT_LISTEN_FD it serves clients of that socket instead, one after the other, until one says "end". */
#include <stdlib.h>
#include <string.h>

#include "thread.h"

static volatile uint64_t count;
static volatile bool stop;
static int listener, lines;

/* Answers each line of IN on OUT; true: it said "end". */
static bool answer(int in, int out) {
  Input input = {.fd = in};
  char line[LINE + 1];
  while (next_line(&input, line)) {
    if (strcmp(line, "end") == 0) return true;
    say_to(out, "%.200s at %llu", line, count);
    lines++;
  }
  return false;
}

static void serve(void) {
  for (bool end = false; !end;) {
    int fd = next_connection(listener);
    end = answer(fd, fd);
    hang_up(fd);
  }
}

static void work(int number) {
  if (number == 0) {
    while (!stop) count = count + 1;
    return;
  }
  if (listener >= 0) serve();
  else answer(0, 1);
  stop = true;
}

int main(void) {
  listener = listening();
  if (listener >= 0) say("mixed ready");
  run_threads(work, 2);
  say("mixed: %d lines at %llu", lines, count);
  return 0;
}
