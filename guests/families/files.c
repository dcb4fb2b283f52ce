/* Calls on files that many families make. */
#include <string.h>
#include "wasi.h"

int opened(const char *step, int dir, const char *path, int oflags, Rights rights) {
  __wasi_fd_t fd = NOT_OPEN;
  Errno e = __wasi_path_open(dir, 0, path, (__wasi_oflags_t)oflags, rights, 0, 0, &fd);
  say(step, e);
  return e == 0 ? (int)fd : NOT_OPEN;
}

int made(int dir, const char *path, const char *contents) {
  __wasi_fd_t fd = NOT_OPEN;
  need("make a file", __wasi_path_open(dir, 0, path, __WASI_OFLAGS_CREAT | __WASI_OFLAGS_TRUNC, TO_DO_ALL, 0, 0, &fd));
  __wasi_ciovec_t all = {(const uint8_t *)contents, strlen(contents)};
  __wasi_size_t written;
  need("fill a file", __wasi_fd_write(fd, &all, 1, &written));
  return (int)fd;
}

int directory(int dir, const char *path) {
  __wasi_fdstat_t stat;
  need("look at a directory", __wasi_fd_fdstat_get(dir, &stat));
  __wasi_fd_t fd = NOT_OPEN;
  Rights all = stat.fs_rights_inheriting, base = all & stat.fs_rights_base;
  need("open a directory", __wasi_path_open(dir, 0, path, __WASI_OFLAGS_DIRECTORY, base, all, 0, &fd));
  return (int)fd;
}

void let_go(int fd) { need("close a descriptor", __wasi_fd_close(fd)); }

void wrote(const char *step, int fd, const char *text) {
  __wasi_ciovec_t all = {(const uint8_t *)text, strlen(text)};
  __wasi_size_t written = 0;
  Errno e = __wasi_fd_write(fd, &all, 1, &written);
  sayf(step, e, "%zu", written);
}

void has_read(const char *step, int fd, size_t size) {
  char text[101];
  __wasi_iovec_t all = {(uint8_t *)text, size < 100 ? size : 100};
  __wasi_size_t count = 0;
  Errno e = __wasi_fd_read(fd, &all, 1, &count);
  for (size_t i = 0; i < count; i++) text[i] = text[i] ? text[i] : '.';
  text[count] = 0;
  sayf(step, e, "%zu '%s'", count, text);
}
