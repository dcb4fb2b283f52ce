/* Opening: every flag against files, directories, links, and nothing. */
#include "wasi.h"

#define CREAT __WASI_OFLAGS_CREAT
#define DIRECTORY __WASI_OFLAGS_DIRECTORY
#define EXCL __WASI_OFLAGS_EXCL
#define TRUNC __WASI_OFLAGS_TRUNC

static void size_of(const char *step, int dir, const char *path) {
  __wasi_filestat_t stat;
  Errno e = __wasi_path_filestat_get(dir, 0, path, &stat);
  say_stat(step, e, &stat);
}

static void close_if_open(int fd) {
  if (fd != NOT_OPEN) let_go(fd);
}

static void attempt(const char *step, int dir, const char *path, int oflags, Rights rights) {
  close_if_open(opened(step, dir, path, oflags, rights));
}

static void follow(const char *step, int dir, const char *path) {
  __wasi_fd_t fd = NOT_OPEN;
  say(step, __wasi_path_open(dir, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, path, 0, TO_READ, 0, 0, &fd));
  close_if_open((int)fd);
}

static void files(int dir) {
  attempt("what is not there", dir, "f", 0, TO_READ);
  attempt("create", dir, "f", CREAT, TO_DO_ALL);
  attempt("create what is there", dir, "f", CREAT, TO_DO_ALL);
  attempt("create only", dir, "f", CREAT | EXCL, TO_DO_ALL);
  attempt("create only, another", dir, "g", CREAT | EXCL, TO_DO_ALL);
  let_go(made(dir, "f", "contents"));
  size_of("its size", dir, "f");
  attempt("to write", dir, "f", 0, TO_WRITE);
  size_of("its size after that", dir, "f");
  attempt("truncate", dir, "f", TRUNC, TO_WRITE);
  size_of("its size when truncated", dir, "f");
  attempt("truncate what is not there", dir, "h", TRUNC, TO_WRITE);
  attempt("create by truncating", dir, "h", CREAT | TRUNC, TO_WRITE);
  attempt("a file as a directory", dir, "f", DIRECTORY, TO_READ);
  attempt("a file with a slash", dir, "f/", 0, TO_READ);
  attempt("below a file", dir, "f/g", 0, TO_READ);
}

static void directories(int dir) {
  need("make a directory", __wasi_path_create_directory(dir, "d"));
  attempt("a directory", dir, "d", DIRECTORY, __WASI_RIGHTS_FD_READDIR);
  attempt("a directory without saying so", dir, "d", 0, __WASI_RIGHTS_FD_READDIR);
  attempt("a directory with a slash", dir, "d/", DIRECTORY, __WASI_RIGHTS_FD_READDIR);
  attempt("a directory by dots", dir, "d/./../d/.", DIRECTORY, __WASI_RIGHTS_FD_READDIR);
  attempt("a directory to write", dir, "d", 0, TO_WRITE);
  attempt("create a directory", dir, "e", CREAT | DIRECTORY, __WASI_RIGHTS_FD_READDIR);
  attempt("create over a directory", dir, "d", CREAT | EXCL, TO_DO_ALL);
  attempt("create below a directory", dir, "d/f", CREAT, TO_DO_ALL);
  attempt("create below nothing", dir, "none/f", CREAT, TO_DO_ALL);
  int sub = directory(dir, "d");
  attempt("by a directory's descriptor", sub, "f", 0, TO_READ);
  attempt("out of that", sub, "../f", 0, TO_READ);
  let_go(sub);
}

static void with_links(int dir) {
  need("make a link", __wasi_path_symlink("d/f", dir, "to-file"));
  need("make a link", __wasi_path_symlink("d", dir, "to-directory"));
  need("make a link", __wasi_path_symlink("none", dir, "to-nothing"));
  need("make a link", __wasi_path_symlink("to-itself", dir, "to-itself"));
  say("make a link that leaves", __wasi_path_symlink("../..", dir, "out"));
  attempt("a link itself", dir, "to-file", 0, TO_READ);
  follow("what a link names", dir, "to-file");
  follow("below a link", dir, "to-directory/f");
  follow("what a link names in vain", dir, "to-nothing");
  follow("a link to itself", dir, "to-itself");
  follow("a link that leaves", dir, "out");
  follow("below a link that leaves", dir, "out/f");
}

void opening(const struct round *round) {
  int dir = round->dir;
  files(dir);
  directories(dir);
  with_links(dir);
  attempt("above the directory", dir, "..", 0, TO_READ);
  attempt("above by detours", dir, "d/../../f", 0, TO_READ);
  attempt("an absolute path", dir, "/etc/passwd", 0, TO_READ);
  attempt("no path", dir, "", 0, TO_READ);
  attempt("below what is no directory", NOT_OPEN, "f", 0, TO_READ);
  attempt("below stdout", 1, "f", 0, TO_READ);
}
