/* Rights: what a descriptor may not do, what is taken from it, and what it hands on. */
#include "wasi.h"

__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_fdstat_set_rights")))
extern int32_t set_rights(int32_t fd, int64_t base, int64_t inheriting);

static void take(const char *step, int fd, Rights base, Rights inheriting) {
  say(step, (Errno)set_rights(fd, (int64_t)base, (int64_t)inheriting));
}

static void rights_of(const char *step, int fd, Rights base, Rights inheriting) {
  __wasi_fdstat_t stat;
  need("look at a descriptor", __wasi_fd_fdstat_get(fd, &stat));
  say_whether(step, stat.fs_rights_base == base && stat.fs_rights_inheriting == inheriting);
}

static void seek(const char *step, int fd) {
  __wasi_filesize_t at = 0;
  Errno e = __wasi_fd_seek(fd, 0, __WASI_WHENCE_SET, &at);
  sayf(step, e, "%llu", at);
}

static void taken(int dir) {
  int fd = made(dir, "f", "text");
  take("take writing", fd, TO_READ, 0);
  rights_of("it has what was left", fd, TO_READ, 0);
  wrote("write without the right", fd, "x");
  say("set the size without", __wasi_fd_filestat_set_size(fd, 0));
  say("allocate without", __wasi_fd_allocate(fd, 0, 1));
  say("sync without", __wasi_fd_sync(fd));
  say("datasync without", __wasi_fd_datasync(fd));
  say("advise without", __wasi_fd_advise(fd, 0, 1, __WASI_ADVICE_NORMAL));
  say("set the flags without", __wasi_fd_fdstat_set_flags(fd, 0));
  say("set the times without", __wasi_fd_filestat_set_times(fd, 1, 1, __WASI_FSTFLAGS_MTIM));
  seek("seek with it", fd);
  has_read("read with it", fd, 10);
  take("take it back", fd, TO_DO_ALL, 0);
  take("take the same again", fd, TO_READ, 0);
  take("take all", fd, 0, 0);
  has_read("read without", fd, 10);
  seek("seek without", fd);
  __wasi_filestat_t stat;
  say("look without", __wasi_fd_filestat_get(fd, &stat));
  say("close without any", __wasi_fd_close(fd));
  take("take from what is closed", fd, 0, 0);
}

static void asked_for(int dir) {
  int fd = opened("open to read only", dir, "f", 0, TO_READ);
  wrote("write what is open to read", fd, "x");
  has_read("read what is open to read", fd, 10);
  let_go(fd);
  fd = opened("open to write only", dir, "f", 0, TO_WRITE);
  has_read("read what is open to write", fd, 10);
  wrote("write what is open to write", fd, "T");
  let_go(fd);
}

static void handed_on(int dir) {
  need("make a directory", __wasi_path_create_directory(dir, "sub"));
  let_go(made(dir, "sub/f", "below"));
  int sub = directory(dir, "sub");
  __wasi_fdstat_t stat;
  need("look at a directory", __wasi_fd_fdstat_get(sub, &stat));
  Rights base = __WASI_RIGHTS_PATH_OPEN | __WASI_RIGHTS_PATH_FILESTAT_GET;
  take("take from a directory", sub, base, TO_READ);
  rights_of("it has what was left of both", sub, base, TO_READ);
  int fd = opened("open to read beneath", sub, "f", 0, TO_READ);
  has_read("read beneath", fd, 10);
  let_go(fd);
  opened("open to write beneath", sub, "f", 0, TO_DO_ALL);
  opened("create beneath", sub, "new", __WASI_OFLAGS_CREAT, TO_READ);
  opened("truncate beneath", sub, "f", __WASI_OFLAGS_TRUNC, TO_READ);
  __wasi_filestat_t found;
  Errno e = __wasi_path_filestat_get(sub, 0, "f", &found);
  say_stat("look beneath", e, &found);
  say("unlink beneath", __wasi_path_unlink_file(sub, "f"));
  say("make a directory beneath", __wasi_path_create_directory(sub, "d"));
  say("remove one beneath", __wasi_path_remove_directory(sub, "d"));
  say("rename beneath", __wasi_path_rename(sub, "f", sub, "g"));
  say("rename from there", __wasi_path_rename(sub, "f", dir, "g"));
  say("rename to there", __wasi_path_rename(dir, "f", sub, "g"));
  say("link beneath", __wasi_path_link(sub, 0, "f", sub, "g"));
  say("make a link beneath", __wasi_path_symlink("f", sub, "g"));
  say("set times beneath", __wasi_path_filestat_set_times(sub, 0, "f", 1, 1, __WASI_FSTFLAGS_MTIM));
  uint8_t buffer[100];
  __wasi_size_t used;
  say("read a link beneath", __wasi_path_readlink(sub, "f", buffer, sizeof buffer, &used));
  say("list it", __wasi_fd_readdir(sub, buffer, sizeof buffer, 0, &used));
  take("give a directory more", sub, stat.fs_rights_base, stat.fs_rights_inheriting);
  let_go(sub);
}

void rights(const struct round *round) {
  taken(round->dir);
  asked_for(round->dir);
  handed_on(round->dir);
}
