/* Links: symbolic ones made, read and followed, and second names of files. */
#include <string.h>
#include "wasi.h"

static void look(const char *step, int dir, const char *path, int follow) {
  __wasi_filestat_t stat;
  Errno e = __wasi_path_filestat_get(dir, follow ? __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW : 0, path, &stat);
  say_stat(step, e, &stat);
}

static void readlink(const char *step, int dir, const char *path, size_t size) {
  char text[101] = "";
  __wasi_size_t used = 0;
  Errno e = __wasi_path_readlink(dir, path, (uint8_t *)text, size, &used);
  sayf(step, e, "%zu '%s'", used, text);
}

static void symlink(const char *step, const char *target, int dir, const char *path) {
  say(step, __wasi_path_symlink(target, dir, path));
}

static void link(const char *step, int dir, const char *path, int to, const char *name) {
  say(step, __wasi_path_link(dir, 0, path, to, name));
}

static void symbolic(int dir) {
  let_go(made(dir, "f", "contents"));
  symlink("make a link", "f", dir, "l");
  symlink("make it again", "f", dir, "l");
  symlink("make one over a file", "l", dir, "f");
  symlink("make one to nothing", "none/at/all", dir, "dangling");
  symlink("make one to no name", "", dir, "empty");
  symlink("make one below nothing", "f", dir, "none/l");
  look("look at it", dir, "l", 0);
  look("look at what it names", dir, "l", 1);
  look("look at what is named in vain", dir, "dangling", 1);
  readlink("read it", dir, "l", 100);
  readlink("read the other", dir, "dangling", 100);
  readlink("read into too little room", dir, "dangling", 4);
  readlink("read into no room", dir, "dangling", 0);
  readlink("read a file", dir, "f", 100);
  readlink("read what is not there", dir, "none", 100);
  say("rename it", __wasi_path_rename(dir, "l", dir, "m"));
  readlink("read it by its new name", dir, "m", 100);
  say("unlink it", __wasi_path_unlink_file(dir, "m"));
  look("look at what it named", dir, "f", 0);
}

static void hard(int dir) {
  need("make a directory", __wasi_path_create_directory(dir, "d"));
  link("link", dir, "f", dir, "d/second");
  look("look at both", dir, "f", 0);
  __wasi_filestat_t one, two;
  need("look at a file", __wasi_path_filestat_get(dir, 0, "f", &one));
  need("look at a file", __wasi_path_filestat_get(dir, 0, "d/second", &two));
  say_whether("both are one file", one.ino == two.ino && one.dev == two.dev);
  int fd = opened("open the second", dir, "d/second", 0, TO_WRITE);
  wrote("write by the second", fd, "CON");
  let_go(fd);
  fd = opened("open the first", dir, "f", 0, TO_READ);
  has_read("read by the first", fd, 20);
  let_go(fd);
  link("link over a file", dir, "f", dir, "d/second");
  link("link what is not there", dir, "none", dir, "third");
  link("link below nothing", dir, "f", dir, "none/third");
  link("link a directory", dir, "d", dir, "e");
  link("link a link", dir, "dangling", dir, "dangling-too");
  readlink("read that", dir, "dangling-too", 100);
  say("unlink the first", __wasi_path_unlink_file(dir, "f"));
  look("look at the second", dir, "d/second", 0);
}

static void refused(int dir) {
  symlink("make a link above", "f", dir, "../l");
  link("link from above", dir, "../f", dir, "in");
  link("link to above", dir, "d/second", dir, "../out");
  link("link by an absolute path", dir, "/etc/passwd", dir, "in");
  readlink("read a link above", dir, "../l", 100);
  symlink("make a link that leaves", "../..", dir, "out");
  readlink("read the link that leaves", dir, "out", 100);
  look("look at the link that leaves", dir, "out", 0);
  look("follow the link that leaves", dir, "out", 1);
  look("look below the link that leaves", dir, "out/f", 0);
  say("make a directory below that", __wasi_path_create_directory(dir, "out/d"));
  readlink("read below what is not open", NOT_OPEN, "l", 100);
}

void links(const struct round *round) {
  symbolic(round->dir);
  hard(round->dir);
  refused(round->dir);
}
