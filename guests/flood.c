/* flood [BYTES] [err]: an output that outruns its reader: BYTES (1 MiB) to stdout, or to stderr with "err", in
 * 4 KiB blocks as fast as it can. Block n is filled with the letter of n modulo 26, its last byte a newline. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  char block[4096];
  long long left = argc > 1 ? atoll(argv[1]) : 1 << 20;
  int fd = argc > 2 && strcmp(argv[2], "err") == 0 ? STDERR_FILENO : STDOUT_FILENO;
  for (int number = 0; left > 0; number++) {
    size_t len = left < (long long)sizeof block ? (size_t)left : sizeof block;
    memset(block, 'a' + number % 26, len);
    block[len - 1] = '\n';
    for (size_t done = 0; done < len;) {
      ssize_t n = write(fd, block + done, len - done);
      if (n < 0) return 1;
      done += (size_t)n;
    }
    left -= (long long)len;
  }
  return 0;
}
