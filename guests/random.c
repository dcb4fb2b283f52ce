/* random [TIMES]: random bytes as inputs: prints 16 of them in hex, TIMES (1) times. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
  for (int left = argc > 1 ? atoi(argv[1]) : 1; left > 0; left--) {
    unsigned char bytes[16];
    if (getentropy(bytes, sizeof bytes) != 0) {
      perror("random: cannot read random bytes");
      return 1;
    }
    for (size_t i = 0; i < sizeof bytes; i++) printf("%02x", bytes[i]);
    putchar('\n');
  }
  return 0;
}
