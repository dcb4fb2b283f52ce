/* Random bytes: prints the first of them as "ROUND HEX", how many it asked for, and whether the rest are random too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "wasi.h"

#define MOST 70000

/* Whether bytes to the end are as random ones: none of 256 values is rare or frequent. */
static int even(const uint8_t *bytes, size_t size) {
  size_t counts[256] = {0};
  for (size_t i = 0; i < size; i++) counts[bytes[i]]++;
  for (int i = 0; i < 256; i++) {
    if (size >= MOST && (counts[i] < size / 512 || counts[i] > size / 128)) return 0;
  }
  return 1;
}

void randomness(const struct round *round) {
  static uint8_t bytes[MOST + 1];
  static const size_t sizes[] = {8, 9, 255, 256, 4096, MOST};
  size_t size = sizes[round->number % 6];
  bytes[size] = 0xa5;
  need("read random bytes", __wasi_random_get(bytes, size));
  need("read no bytes", __wasi_random_get(bytes, 0));
  char step[16];
  snprintf(step, sizeof step, "%d", round->number);
  sayf(step, 0, "%02x%02x%02x%02x%02x%02x%02x%02x of %zu%s%s", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
       bytes[5], bytes[6], bytes[7], size, even(bytes, size) ? "" : " uneven", bytes[size] == 0xa5 ? "" : " too far");
}
