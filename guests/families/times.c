/* Times of files: set to given ones, to now, one of two, of a link and of what it names. */
#include "wasi.h"

#define ATIM __WASI_FSTFLAGS_ATIM
#define ATIM_NOW __WASI_FSTFLAGS_ATIM_NOW
#define MTIM __WASI_FSTFLAGS_MTIM
#define MTIM_NOW __WASI_FSTFLAGS_MTIM_NOW

/* The first two are whole seconds: some hosts know no more. */
#define EARLY 1000000000000000000u
#define LATE 1234567890000000000u
#define EXACT 1111111111123456789u

static void say_times(const char *step, Errno e, const __wasi_filestat_t *stat) {
  sayf(step, e, "%llu %llu", stat->atim, stat->mtim);
}

static void of_fd(const char *step, int fd) {
  __wasi_filestat_t stat;
  Errno e = __wasi_fd_filestat_get(fd, &stat);
  say_times(step, e, &stat);
}

static void of_path(const char *step, int dir, const char *path) {
  __wasi_filestat_t stat;
  Errno e = __wasi_path_filestat_get(dir, 0, path, &stat);
  say_times(step, e, &stat);
}

static void set(const char *step, int fd, uint64_t atim, uint64_t mtim, int flags) {
  say(step, __wasi_fd_filestat_set_times(fd, atim, mtim, (__wasi_fstflags_t)flags));
}

static void set_at(const char *step, int dir, const char *path, int follow, uint64_t mtim) {
  __wasi_lookupflags_t lookup = follow ? __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW : 0;
  say(step, __wasi_path_filestat_set_times(dir, lookup, path, EARLY, mtim, ATIM | MTIM));
}

static void by_descriptor(int fd) {
  set("set both", fd, EARLY, LATE, ATIM | MTIM);
  of_fd("both", fd);
  set("set the access", fd, LATE, EARLY, ATIM);
  of_fd("with the access", fd);
  set("set the change", fd, LATE, EARLY, MTIM);
  of_fd("with the change", fd);
  set("set neither", fd, 1, 1, 0);
  of_fd("with neither", fd);
  set("set both to a nanosecond", fd, EXACT, EXACT + 1, ATIM | MTIM);
  of_fd("to a nanosecond", fd);
  set("set both ways", fd, EARLY, LATE, ATIM | ATIM_NOW);
  set("set the change both ways", fd, EARLY, LATE, MTIM | MTIM_NOW);
  __wasi_filestat_t stat;
  set("set the change to now", fd, LATE, 0, ATIM | MTIM_NOW);
  need("look at a file", __wasi_fd_filestat_get(fd, &stat));
  say_whether("the change is now, the access is not", stat.mtim > LATE && stat.atim == LATE);
  set("set the access to now", fd, 0, EARLY, ATIM_NOW | MTIM);
  need("look at a file", __wasi_fd_filestat_get(fd, &stat));
  say_whether("the access is now, the change is not", stat.atim > LATE && stat.mtim == EARLY);
  wrote("write", fd, "x");
  need("look at a file", __wasi_fd_filestat_get(fd, &stat));
  say_whether("writing is a change", stat.mtim > LATE && stat.ctim > LATE);
  set("set both at the end", fd, EARLY, LATE, ATIM | MTIM);
}

static void by_path(int dir) {
  need("make a link", __wasi_path_symlink("f", dir, "l"));
  need("make a directory", __wasi_path_create_directory(dir, "d"));
  set_at("set by a path", dir, "f", 0, EARLY);
  of_path("by a path", dir, "f");
  set_at("set of a link", dir, "l", 0, EARLY);
  of_path("of a link", dir, "l");
  set_at("set of what it names", dir, "l", 1, LATE);
  of_path("of what it names", dir, "f");
  set_at("set of a directory", dir, "d", 0, LATE);
  of_path("of a directory", dir, "d");
  set_at("set of what is not there", dir, "none", 0, LATE);
  set_at("set above", dir, "..", 0, LATE);
  set_at("set by an absolute path", dir, "/", 0, LATE);
  set_at("set below what is not open", NOT_OPEN, "f", 0, LATE);
}

void times(const struct round *round) {
  int fd = made(round->dir, "by-descriptor", "");
  by_descriptor(fd);
  let_go(fd);
  let_go(made(round->dir, "f", ""));
  set("set of what is closed", fd, 1, 1, ATIM);
  by_path(round->dir);
}
