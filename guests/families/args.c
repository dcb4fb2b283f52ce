/* Arguments and environment: their sizes, and each but the program's own name. */
#include <stdlib.h>
#include <string.h>
#include "wasi.h"

typedef Errno sizes(__wasi_size_t *count, __wasi_size_t *bytes);
typedef Errno strings(uint8_t **list, uint8_t *bytes);

static void show(const char *what, sizes *sizes_get, strings *get, __wasi_size_t from) {
  __wasi_size_t count = 0, size = 0;
  Errno e = sizes_get(&count, &size);
  sayf(what, e, "%zu", count);
  uint8_t **list = calloc(count + 1, sizeof *list), *bytes = malloc(size + 1);
  say(what, get(list, bytes));
  size_t length = 0;
  for (__wasi_size_t i = 0; i < count; i++) length += strlen((char *)list[i]) + 1;
  say_whether("the bytes are as many as said", length == size);
  for (__wasi_size_t i = from; i < count; i++) sayf(what, 0, "%zu '%s'", i, list[i]);
  say("nowhere to write", get((uint8_t **)0xfffffff0, bytes));
  free(list);
  free(bytes);
}

void args(const struct round *round) {
  (void)round;
  show("arguments", __wasi_args_sizes_get, __wasi_args_get, 1);
  show("environment", __wasi_environ_sizes_get, __wasi_environ_get, 0);
}
