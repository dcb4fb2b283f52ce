/* shared DIR [STEPS]: changes DIR in every way that there is, one change a step, over and over; DIR is empty again
 * after every 20 steps. Does STEPS steps; without STEPS, as many as the last line of stdin said, until stdin ends.
 * Prints each step with a checksum of all that can be seen of DIR behind it; exits with 1 at the first that fails. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned sum = 2166136261u;
static int done, a = -1, line = -1;
static const struct timespec past[2] = {{1000000000, 5}, {1000000000, 5}};

static void mix(const void *from, size_t n) {
  const unsigned char *at = from;
  for (size_t i = 0; i < n; i++) sum = (sum ^ at[i]) * 16777619u;
}

static void fail(const char *what) {
  fprintf(stderr, "shared: cannot %s at step %d: %s\n", what, done, strerror(errno));
  exit(1);
}

static long long checked(const char *what, long long result) {
  if (result < 0) fail(what);
  return result;
}

/* Adds a name to the checksum: what it is, how long, how often linked, its time if that was set, what is in it. */
static void see(const char *name) {
  char path[64], bytes[300];
  struct stat st;
  snprintf(path, sizeof path, "d/%s", name);
  checked("stat", fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW));
  long long facts[] = {S_ISREG(st.st_mode), S_ISLNK(st.st_mode), st.st_size, (long long)st.st_nlink,
                       st.st_mtim.tv_sec == past[0].tv_sec ? st.st_mtim.tv_nsec : -1};
  mix(facts, sizeof facts);
  mix(name, strlen(name));
  if (S_ISREG(st.st_mode)) {
    int fd = (int)checked("open", open(path, O_RDONLY));
    mix(bytes, (size_t)checked("read", read(fd, bytes, sizeof bytes)));
    close(fd);
  }
}

static int visible(const struct dirent *e) { return e->d_name[0] != '.'; }

/* All of DIR, and the descriptors that are open there. */
static void look(void) {
  struct dirent **list;
  struct stat st;
  int count = (int)checked("list", scandir(".", &list, visible, alphasort));
  mix(&count, sizeof count);
  for (int i = 0; i < count; i++) free(list[i]);
  free(list);
  if (count > 0) {
    count = (int)checked("list", scandir("d", &list, visible, alphasort));
    for (int i = 0; i < count; i++) {
      see(list[i]->d_name);
      free(list[i]);
    }
    free(list);
  }
  for (int i = 0; i < 2; i++) {
    int fd = i ? line : a;
    if (fd < 0) continue;
    long long at = checked("tell", lseek(fd, 0, SEEK_CUR));
    checked("stat", fstat(fd, &st));
    mix(&at, sizeof at);
    mix(&st.st_size, sizeof st.st_size);
  }
}

static int shut(int *fd) {
  int result = close(*fd);
  *fd = -1;
  return result;
}

static long long truncated(void) {
  int fd = open("d/log", O_WRONLY | O_TRUNC);
  return fd < 0 ? fd : close(fd);
}

/* One change; the file "a" and the log stay open as long as they have a name. */
static void change(int step) {
  switch (step) {
    case 0: checked("mkdir", mkdir("d", 0755)); break;
    case 1: a = (int)checked("create", open("d/a", O_RDWR | O_CREAT | O_EXCL, 0644)); break;
    case 2: checked("write", write(a, "some contents", 13)); break;
    case 3: line = (int)checked("open", open("d/log", O_WRONLY | O_CREAT | O_APPEND, 0644)); break;
    case 4: case 5: checked("append", write(line, "a line of the log\n", 18)); break;
    case 6: checked("pwrite", pwrite(a, "PATCH", 5, 3)); break;
    case 7: checked("truncate", ftruncate(a, 100)); break;
    case 8: checked("allocate", -posix_fallocate(a, 0, 200)); break;
    case 9: checked("set times", futimens(a, past)); break;
    case 10: checked("set times", utimensat(AT_FDCWD, "d/log", past, 0)); break;
    case 11: checked("link", link("d/a", "d/b")); break;
    case 12: checked("symlink", symlink("a", "d/s")); break;
    case 13: checked("rename", rename("d/b", "d/c")); break;
    case 14: checked("rename", rename("d/s", "d/c")); break;
    case 15: checked("truncate", truncated()); break;
    case 16: checked("unlink", unlink("d/c")); break;
    case 17: checked("close", shut(&line)); checked("unlink", unlink("d/log")); break;
    case 18: checked("close", shut(&a)); checked("unlink", unlink("d/a")); break;
    default: checked("rmdir", rmdir("d"));
  }
}

static void stepsUpTo(int goal) {
  for (; done < goal; done++) {
    change(done % 20);
    look();
    printf("step %d %08x\n", done, sum);
    fflush(stdout);
  }
}

int main(int argc, char **argv) {
  char text[32];
  checked("enter", chdir(argc > 1 ? argv[1] : "/data"));
  if (argc > 2) stepsUpTo(atoi(argv[2]));
  else
    while (fgets(text, sizeof text, stdin)) stepsUpTo(atoi(text));
  return 0;
}
