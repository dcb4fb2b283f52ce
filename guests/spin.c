/* spin [MILLIONS]: pure computing: MILLIONS (10) million steps of a generator; reads the monotonic clock after
 * each million, and prints the checksum of all steps at the end (the clock is not in it). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv) {
  long millions = argc > 1 ? atol(argv[1]) : 10;
  uint64_t x = 1, sum = 0;
  struct timespec t;
  for (long i = 0; i < millions; i++) {
    for (int j = 0; j < 1000000; j++) {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
      sum = (sum ^ x) * 0x9e3779b97f4a7c15;
    }
    clock_gettime(CLOCK_MONOTONIC, &t);
  }
  printf("checksum %016" PRIx64 " after %ld million\n", sum, millions);
  return 0;
}
