/* Descriptors: numbers, renumbering, types, the names of given directories. */
#include <string.h>
#include "wasi.h"

static void type_of(const char *step, int fd) {
  __wasi_fdstat_t stat;
  Errno e = __wasi_fd_fdstat_get(fd, &stat);
  sayf(step, e, "%s", stat.fs_filetype == __WASI_FILETYPE_DIRECTORY ? "directory"
                      : stat.fs_filetype == __WASI_FILETYPE_REGULAR_FILE ? "file" : "other");
}

static void renumbering(int dir) {
  int one = made(dir, "one", "1"), two = made(dir, "two", "2");
  say("renumber", __wasi_fd_renumber(one, two));
  wrote("write by the number that stays", two, " is one");
  wrote("write by the number that is free", one, "?");
  say("renumber what is free", __wasi_fd_renumber(one, two));
  say("renumber to what was never open", __wasi_fd_renumber(two, NOT_OPEN));
  say("renumber to itself", __wasi_fd_renumber(two, two));
  wrote("write after that", two, "!");
  int three = made(dir, "three", "3");
  say_whether("the free number is given again", three == one);
  let_go(two);
  let_go(three);
  int read = opened("open the first file", dir, "one", 0, TO_READ);
  has_read("it holds what was written", read, 20);
  let_go(read);
  read = opened("open the second file", dir, "two", 0, TO_READ);
  has_read("it holds what it held", read, 20);
  let_go(read);
}

static void twice(int dir) {
  int one = opened("open a file", dir, "one", 0, TO_READ), other = opened("open it again", dir, "one", 0, TO_READ);
  has_read("read by one", one, 2);
  has_read("read by the other", other, 1);
  let_go(one);
  has_read("read by the other when one is closed", other, 20);
  let_go(other);
}

static void many(int dir) {
  int fds[40], distinct = 1;
  for (int i = 0; i < 40; i++) {
    fds[i] = made(dir, "one of many", "x");
    for (int j = 0; j < i; j++) distinct &= fds[i] != fds[j];
  }
  say_whether("40 at once have 40 numbers", distinct);
  for (int i = 39; i >= 0; i--) let_go(fds[i]);
}

static void given(int dir) {
  __wasi_prestat_t prestat;
  Errno e = __wasi_fd_prestat_get(3, &prestat);
  sayf("the first given descriptor", e, "directory, %zu bytes", prestat.u.dir.pr_name_len);
  char name[64] = "";
  e = __wasi_fd_prestat_dir_name(3, (uint8_t *)name, prestat.u.dir.pr_name_len);
  sayf("its name", e, "'%s'", name);
  say("its name in too little room", __wasi_fd_prestat_dir_name(3, (uint8_t *)name, 1));
  say("a directory that is not given", __wasi_fd_prestat_get(dir, &prestat));
  say("what is not open", __wasi_fd_prestat_get(NOT_OPEN, &prestat));
}

void descriptors(const struct round *round) {
  given(round->dir);
  renumbering(round->dir);
  twice(round->dir);
  many(round->dir);
  type_of("type of a directory", round->dir);
  int file = made(round->dir, "file", "");
  type_of("type of a file", file);
  let_go(file);
  type_of("type of what is not open", file);
}
