/* tick [MS] [FILE]: a program that never ends: a numbered line on stdout every MS (100), and the same line
 * appended to FILE if there is one. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  long ms = argc > 1 ? atol(argv[1]) : 100;
  struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
  int file = argc > 2 ? open(argv[2], O_WRONLY | O_CREAT | O_APPEND, 0644) : -1;
  if (argc > 2 && file < 0) {
    perror("tick: cannot open the file");
    return 1;
  }
  for (long long number = 1;; number++) {
    char line[32];
    int len = snprintf(line, sizeof line, "tick %lld\n", number);
    if (write(STDOUT_FILENO, line, (size_t)len) != len ||
        (file >= 0 && write(file, line, (size_t)len) != len)) {
      perror("tick: cannot write");
      return 1;
    }
    nanosleep(&pause, NULL);
  }
}
