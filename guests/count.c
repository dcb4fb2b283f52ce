/* count [N] [MS]: waiting: prints "line 1" to "line N" (10), and sleeps MS (0) between two lines. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv) {
  long lines = argc > 1 ? atol(argv[1]) : 10, ms = argc > 2 ? atol(argv[2]) : 0;
  struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  for (long i = 1; i <= lines; i++) {
    printf("line %ld\n", i);
    if (ms && i < lines) nanosleep(&pause, NULL);
  }
  return 0;
}
