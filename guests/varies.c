/* varies WAY [DIR]: a program that is not the same each time, in one WAY: "order" prints the names in DIR ("/data") as
 * they come, "sizes" how much each read of stdin gave, "stderr" a random number there, "code" exits with one, "file"
 * keeps one in DIR/kept, "memory" to itself, "wait" prints "waited" after a second, "stamp" when DIR/new was made. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned long long kept;

static int order(const char *dir) {
  DIR *names = opendir(dir);
  if (!names) return 1;
  for (struct dirent *e; (e = readdir(names));) puts(e->d_name);
  return closedir(names);
}

static int sizes(void) {
  static char block[256];
  for (ssize_t n; (n = read(STDIN_FILENO, block, sizeof block)) > 0;) printf("%zd\n", n);
  return 0;
}

static int file(void) {
  int fd = open("kept", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  return fd < 0 || write(fd, &kept, sizeof kept) < 0 || close(fd);
}

static int stamp(void) {
  struct stat seen;
  int fd = open("new", O_WRONLY | O_CREAT | O_EXCL, 0644);
  if (fd < 0 || fstat(fd, &seen) || close(fd)) return 1;
  return printf("made at %lld.%09ld\n", (long long)seen.st_mtim.tv_sec, seen.st_mtim.tv_nsec) < 0;
}

int main(int argc, char **argv) {
  const char *way = argc > 1 ? argv[1] : "", *dir = argc > 2 ? argv[2] : "/data";
  if (!strcmp(way, "order")) return order(dir);
  if (!strcmp(way, "sizes")) return sizes();
  if (!strcmp(way, "wait")) return sleep(1) || puts("waited") < 0;
  if (!strcmp(way, "stamp")) return chdir(dir) || stamp();
  if (getentropy(&kept, sizeof kept) != 0) return 1;
  if (!strcmp(way, "stderr")) fprintf(stderr, "%llx\n", kept);
  if (!strcmp(way, "code")) return (int)(kept & 127);
  if (!strcmp(way, "file")) return chdir(dir) || file();
  return 0;
}
