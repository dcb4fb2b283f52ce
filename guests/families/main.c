/* families FAMILY [ROUNDS] [ARGUMENT]: every call of preview1, by its raw import: does the steps of FAMILY, ROUNDS (1)
 * times, and prints what each gave. A line is the same wherever the program runs, but for the lines of clocks and
 * randomness, which print what they were given. A family that needs files works in the first directory it is given: each
 * round makes a directory there, r1, r2, …, and leaves things in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "wasi.h"

static const struct {
  const char *name;
  family *round;
  int in_directory;
} FAMILIES[] = {
    {"args", args, 0},
    {"clocks", clocks, 0},
    {"random", randomness, 0},
    {"io", io, 1},
    {"readdir", listing, 1},
    {"descriptors", descriptors, 1},
    {"rights", rights, 1},
    {"opening", opening, 1},
    {"names", names, 1},
    {"links", links, 1},
    {"times", times, 1},
    {"polls", polls, 1},
    {"deadlines", deadlines, 0},
    {"sockets", sockets, 0},
    {"ending", ending, 0},
};

/* The number of the first directory that the program is given. */
static int given(void) {
  for (int fd = 3;; fd++) {
    __wasi_prestat_t prestat;
    Errno e = __wasi_fd_prestat_get(fd, &prestat);
    if (e == 0 && prestat.tag == __WASI_PREOPENTYPE_DIR) return fd;
    if (e == __WASI_ERRNO_BADF && fd > 8) need("find a directory", e);
  }
}

static void do_round(family *steps, int in_directory, int number, const char *argument) {
  struct round round = {number, NOT_OPEN, argument};
  if (in_directory) {
    char name[16];
    snprintf(name, sizeof name, "r%d", number);
    need("make a directory", __wasi_path_create_directory(given(), name));
    round.dir = directory(given(), name);
  }
  steps(&round);
  if (in_directory) let_go(round.dir);
}

int main(int argc, char **argv) {
  int rounds = argc > 2 ? atoi(argv[2]) : 1;
  for (size_t i = 0; argc > 1 && i < sizeof FAMILIES / sizeof *FAMILIES; i++) {
    if (strcmp(argv[1], FAMILIES[i].name) != 0) continue;
    for (int number = 1; number <= rounds; number++) {
      do_round(FAMILIES[i].round, FAMILIES[i].in_directory, number, argc > 3 ? argv[3] : "");
    }
    return 0;
  }
  fputs("families: cannot start: its first argument is no family\n", stderr);
  return 1;
}
