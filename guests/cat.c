/* cat: stdin as an input: copies it to stdout until its end. */
#include <stdio.h>
#include <unistd.h>

static int write_all(const char *at, ssize_t len) {
  while (len > 0) {
    ssize_t n = write(STDOUT_FILENO, at, (size_t)len);
    if (n < 0) return 0;
    at += n;
    len -= n;
  }
  return 1;
}

int main(void) {
  static char block[16384];
  ssize_t n;
  while ((n = read(STDIN_FILENO, block, sizeof block)) > 0) {
    if (!write_all(block, n)) {
      perror("cat: cannot write");
      return 1;
    }
  }
  if (n < 0) perror("cat: cannot read");
  return n < 0;
}
