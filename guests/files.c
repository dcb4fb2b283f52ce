/* files [DIR] [ROUNDS]: a directory ("/data") in all its uses: makes, appends, reads back, seeks, truncates,
 * renames, stats, lists and unlinks, ROUNDS (1) times; prints each step's result with a checksum of all that was
 * seen so far, and leaves the directory as it was; exits with 1 at the first step that fails. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned sum = 2166136261u;
static char bytes[8192];

static void mix(const void *from, size_t n) {
  const unsigned char *at = from;
  for (size_t i = 0; i < n; i++) sum = (sum ^ at[i]) * 16777619u;
}

static long long step(const char *name, long long result) {
  if (result < 0) {
    fprintf(stderr, "files: cannot %s: %s\n", name, strerror(errno));
    exit(1);
  }
  mix(name, strlen(name));
  mix(&result, sizeof result);
  printf("%s %lld %08x\n", name, result, sum);
  return result;
}

static int opened(const char *path, int flags) {
  int fd = open(path, flags, 0644);
  step("open", fd < 0 ? -1 : 0);
  return fd;
}

static void contents(int round) {
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i * 7 + (size_t)round);
  int fd = opened("sub/a", O_RDWR | O_CREAT | O_EXCL | O_APPEND);
  for (size_t i = 0; i < 4; i++) step("append", write(fd, bytes + i * 100, 2000 + i));
  step("seek", lseek(fd, 3000, SEEK_SET));
  mix(bytes, (size_t)step("read", read(fd, bytes, sizeof bytes)));
  step("close", close(fd));
  fd = opened("sub/a", O_RDWR);
  step("pwrite", pwrite(fd, "patch", 5, 10));
  step("truncate", ftruncate(fd, 2500));
  step("end", lseek(fd, 0, SEEK_END));
  mix(bytes, (size_t)step("pread", pread(fd, bytes, 100, 0)));
  step("close", close(fd));
}

static int visible(const struct dirent *e) { return e->d_name[0] != '.'; }

static void names(void) {
  struct stat before, after;
  struct dirent **list;
  step("stat", stat("sub/a", &before));
  step("size", before.st_size);
  step("rename", rename("sub/a", "sub/b"));
  step("gone", access("sub/a", F_OK) != 0 && errno == ENOENT);
  step("stat", stat("sub/b", &after));
  step("same", before.st_ino == after.st_ino && S_ISREG(after.st_mode));
  step("close", close(opened("sub/c", O_WRONLY | O_CREAT | O_TRUNC)));
  step("mkdir", mkdir("sub/dir", 0755));
  int count = (int)step("list", scandir("sub", &list, visible, alphasort));
  for (int i = 0; i < count; i++) {
    mix(list[i]->d_name, strlen(list[i]->d_name));
    free(list[i]);
  }
  free(list);
}

int main(int argc, char **argv) {
  int rounds = argc > 2 ? atoi(argv[2]) : 1;
  step("enter", chdir(argc > 1 ? argv[1] : "/data"));
  for (int round = 0; round < rounds; round++) {
    step("mkdir", mkdir("sub", 0755));
    contents(round);
    names();
    step("unlink", unlink("sub/b"));
    step("unlink", unlink("sub/c"));
    step("rmdir", rmdir("sub/dir"));
    step("rmdir", rmdir("sub"));
  }
  return 0;
}
