/* Reading directories: all entries, by buffers of every small size, and from the cookie of each. "." and ".." may be
 * there or not, and the order is free, so that both are left out of what is printed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "wasi.h"

#define MOST 64

struct entry {
  __wasi_dircookie_t next;
  __wasi_filetype_t type;
  char name[40];
};

static int is_dot(const char *name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

/* Reads the entries from COOKIE on by a buffer of SIZE bytes; gives their number, the dots not counted. */
static int list(int fd, __wasi_dircookie_t cookie, size_t size, struct entry *entries) {
  uint8_t buffer[4096];
  for (int count = 0;;) {
    __wasi_size_t used = 0, at = 0;
    need("read a directory", __wasi_fd_readdir(fd, buffer, size, cookie, &used));
    while (used - at > sizeof(__wasi_dirent_t)) {
      __wasi_dirent_t head;
      memcpy(&head, buffer + at, sizeof head);
      if (at + sizeof head + head.d_namlen > used) break;
      struct entry *entry = &entries[count];
      *entry = (struct entry){head.d_next, head.d_type, ""};
      memcpy(entry->name, buffer + at + sizeof head, head.d_namlen);
      cookie = head.d_next;
      at += sizeof head + head.d_namlen;
      if (!is_dot(entry->name) && ++count == MOST) return count;
    }
    if (used < size) return count;
  }
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static int same(const struct entry *a, const struct entry *b, int count) {
  for (int i = 0; i < count; i++) {
    if (strcmp(a[i].name, b[i].name) != 0 || a[i].type != b[i].type) return 0;
  }
  return 1;
}

static void say_all(const char *step, int fd) {
  struct entry entries[MOST];
  char text[300] = "";
  int count = list(fd, 0, 4096, entries);
  qsort(entries, (size_t)count, sizeof *entries, by_name);
  for (int i = 0; i < count; i++) {
    strcat(strcat(text, " "), entries[i].name);
    if (entries[i].type == __WASI_FILETYPE_DIRECTORY) strcat(text, "/");
  }
  sayf(step, 0, "%d:%s", count, text);
}

static void by_parts(int fd) {
  struct entry all[MOST], some[MOST];
  int count = list(fd, 0, 4096, all), equal = 1, rest = 1;
  for (size_t size = sizeof(__wasi_dirent_t) + 24; size < 200; size += 7) {
    equal &= list(fd, 0, size, some) == count && same(all, some, count);
  }
  say_whether("small buffers give the same", equal);
  for (int i = 0; i < count; i++) {
    rest &= list(fd, all[i].next, 100, some) == count - i - 1 && same(all + i + 1, some, count - i - 1);
  }
  say_whether("each cookie gives the rest", rest);
  __wasi_size_t used = 1;
  uint8_t buffer[8];
  Errno e = __wasi_fd_readdir(fd, buffer, sizeof buffer, 0, &used);
  sayf("a buffer less than a head is full", e, "%zu", used);
}

void listing(const struct round *round) {
  int dir = round->dir;
  say_all("an empty directory", dir);
  for (int i = 0; i < 12; i++) {
    char name[40];
    snprintf(name, sizeof name, "%c%.*s", 'a' + i * 5 % 12, i, "-a-long-name");
    let_go(made(dir, name, ""));
  }
  say("make a directory", __wasi_path_create_directory(dir, "z"));
  say_all("all that was made", dir);
  by_parts(dir);
  say("unlink one", __wasi_path_unlink_file(dir, "a"));
  say("remove one", __wasi_path_remove_directory(dir, "z"));
  say_all("what is left", dir);
  __wasi_size_t used;
  uint8_t buffer[100];
  int file = made(dir, "file", "");
  say("read a file so", __wasi_fd_readdir(file, buffer, sizeof buffer, 0, &used));
  let_go(file);
  say("read what is closed so", __wasi_fd_readdir(file, buffer, sizeof buffer, 0, &used));
}
