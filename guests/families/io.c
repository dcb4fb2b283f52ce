/* Reading and writing files: offsets, vectors, holes, sizes, space, flags, hints. */
#include <string.h>
#include "wasi.h"

static void seek(const char *step, int fd, int64_t offset, uint8_t whence) {
  __wasi_filesize_t at = 0;
  Errno e = __wasi_fd_seek(fd, offset, whence, &at);
  sayf(step, e, "%llu", at);
}

static void tell(const char *step, int fd) {
  __wasi_filesize_t at = 0;
  Errno e = __wasi_fd_tell(fd, &at);
  sayf(step, e, "%llu", at);
}

static void size_of(const char *step, int fd) {
  __wasi_filestat_t stat;
  Errno e = __wasi_fd_filestat_get(fd, &stat);
  say_stat(step, e, &stat);
}

static void pread(const char *step, int fd, uint64_t offset) {
  char first[4] = "", second[8] = "";
  __wasi_iovec_t parts[] = {{(uint8_t *)first, 3}, {(uint8_t *)second, 7}};
  __wasi_size_t count = 0;
  Errno e = __wasi_fd_pread(fd, parts, 2, offset, &count);
  sayf(step, e, "%zu '%s' '%s'", count, first, second);
}

static void pwrite(const char *step, int fd, const char *text, uint64_t offset) {
  __wasi_ciovec_t parts[] = {{(const uint8_t *)text, 1}, {(const uint8_t *)text + 1, strlen(text) - 1}};
  __wasi_size_t count = 0;
  Errno e = __wasi_fd_pwrite(fd, parts, 2, offset, &count);
  sayf(step, e, "%zu", count);
}

static void flags(const char *step, int fd) {
  __wasi_fdstat_t stat;
  Errno e = __wasi_fd_fdstat_get(fd, &stat);
  sayf(step, e, "append %d, nonblock %d, sync %d", (stat.fs_flags & __WASI_FDFLAGS_APPEND) != 0,
       (stat.fs_flags & __WASI_FDFLAGS_NONBLOCK) != 0, (stat.fs_flags & __WASI_FDFLAGS_SYNC) != 0);
}

static void vectors(int fd) {
  static const char *const words[] = {"hello", "", ", ", "wide world"};
  __wasi_ciovec_t out[4];
  for (int i = 0; i < 4; i++) out[i] = (__wasi_ciovec_t){(const uint8_t *)words[i], strlen(words[i])};
  __wasi_size_t count = 0;
  Errno e = __wasi_fd_write(fd, out, 4, &count);
  sayf("write four parts", e, "%zu", count);
  e = __wasi_fd_write(fd, out, 0, &count);
  sayf("write no part", e, "%zu", count);
  seek("seek to the start", fd, 0, __WASI_WHENCE_SET);
  char parts[3][6] = {"", "", ""};
  __wasi_iovec_t in[] = {{(uint8_t *)parts[0], 5}, {(uint8_t *)parts[1], 2}, {(uint8_t *)parts[2], 5}};
  e = __wasi_fd_read(fd, in, 3, &count);
  sayf("read three parts", e, "%zu '%s' '%s' '%s'", count, parts[0], parts[1], parts[2]);
  tell("tell", fd);
  has_read("read more than there is", fd, 100);
  has_read("read at the end", fd, 100);
  in[0].buf = (uint8_t *)0xfffffff0;
  say("read into nowhere", __wasi_fd_read(fd, in, 1, &count));
}

static void offsets(int fd) {
  seek("seek back from here", fd, -3, __WASI_WHENCE_CUR);
  has_read("read from there", fd, 2);
  seek("seek before the start", fd, -1, __WASI_WHENCE_SET);
  seek("seek from nowhere", fd, 0, 3);
  seek("seek past the end", fd, 3, __WASI_WHENCE_END);
  wrote("write past the end", fd, "far");
  pread("pread over the hole", fd, 15);
  pread("pread past the end", fd, 1000);
  pwrite("pwrite within", fd, "HELLO", 0);
  pwrite("pwrite past the end", fd, "end", 40);
  tell("tell after those", fd);
  size_of("size after those", fd);
  pread("pread what was written", fd, 0);
}

static void sizes(int fd) {
  say("set the size down", __wasi_fd_filestat_set_size(fd, 7));
  tell("tell after that", fd);
  has_read("read past the new end", fd, 10);
  say("set the size up", __wasi_fd_filestat_set_size(fd, 9));
  size_of("size after both", fd);
  seek("seek to what was cut", fd, 5, __WASI_WHENCE_SET);
  has_read("read what was cut", fd, 10);
  say("allocate within", __wasi_fd_allocate(fd, 0, 4));
  size_of("size after that", fd);
  say("allocate past the end", __wasi_fd_allocate(fd, 8, 8));
  size_of("size after allocating", fd);
  say("allocate nothing", __wasi_fd_allocate(fd, 0, 0));
  say("advise", __wasi_fd_advise(fd, 0, 4, __WASI_ADVICE_WILLNEED));
  say("advise what is no advice", __wasi_fd_advise(fd, 0, 4, 77));
  say("datasync", __wasi_fd_datasync(fd));
  say("sync", __wasi_fd_sync(fd));
}

static void modes(int dir, int fd) {
  say("set append and nonblock", __wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_APPEND | __WASI_FDFLAGS_NONBLOCK));
  flags("flags", fd);
  seek("seek to the start to append", fd, 0, __WASI_WHENCE_SET);
  wrote("append", fd, "tail");
  tell("tell after appending", fd);
  say("set no flags", __wasi_fd_fdstat_set_flags(fd, 0));
  flags("flags without", fd);
  seek("seek to overwrite", fd, 14, __WASI_WHENCE_SET);
  wrote("overwrite", fd, "TA");
  seek("seek to see it", fd, 9, __WASI_WHENCE_SET);
  has_read("read it", fd, 20);
  __wasi_fd_t other = NOT_OPEN;
  say("open to append and sync", __wasi_path_open(dir, 0, "f", 0, TO_DO_ALL, 0,
                                                  __WASI_FDFLAGS_APPEND | __WASI_FDFLAGS_SYNC, &other));
  flags("flags of that", (int)other);
  wrote("append by that", (int)other, "!");
  say("close that", __wasi_fd_close(other));
}

static void wrong(int dir, int fd) {
  say("close", __wasi_fd_close(fd));
  say("close again", __wasi_fd_close(fd));
  has_read("read what is closed", fd, 1);
  wrote("write what is closed", fd, "x");
  seek("seek what is closed", fd, 0, __WASI_WHENCE_SET);
  say("sync what is closed", __wasi_fd_sync(fd));
  say("size of what is closed", __wasi_fd_filestat_set_size(fd, 0));
  say("allocate in what is closed", __wasi_fd_allocate(fd, 0, 1));
  say("advise on what is closed", __wasi_fd_advise(fd, 0, 1, __WASI_ADVICE_NORMAL));
  flags("flags of what is closed", fd);
  has_read("read a directory", dir, 10);
  wrote("write a directory", dir, "x");
  has_read("read the empty stdin", 0, 10);
}

void io(const struct round *round) {
  int fd = opened("open", round->dir, "f", __WASI_OFLAGS_CREAT, TO_DO_ALL);
  vectors(fd);
  offsets(fd);
  sizes(fd);
  modes(round->dir, fd);
  wrong(round->dir, fd);
}
