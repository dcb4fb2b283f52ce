/* Queues of bytes, and memory that is there or ends the process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv.h"

#define KEEP 16384 /* an empty queue gives back more than this */

void *must_alloc(void *old, size_t size) {
  void *memory = realloc(old, size ? size : 1);
  if (!memory) {
    fprintf(stderr, "kv: out of memory: cannot have %zu bytes\n", size);
    exit(1);
  }
  return memory;
}

char *buf_room(Buf *b, size_t n) {
  if (b->cap - b->end >= n) return b->at + b->end;
  size_t live = buf_len(b);
  if (b->start >= live && b->cap - live >= n) {
    memcpy(b->at, b->at + b->start, live);
  } else {
    size_t cap = b->cap ? b->cap : 1024;
    while (cap - live < n) cap *= 2;
    char *at = must_alloc(NULL, cap);
    if (live) memcpy(at, b->at + b->start, live);
    free(b->at);
    b->at = at;
    b->cap = cap;
  }
  b->start = 0;
  b->end = live;
  return b->at + live;
}

void buf_add(Buf *b, const void *from, size_t n) {
  if (!n) return;
  memcpy(buf_room(b, n), from, n);
  b->end += n;
}

void buf_take(Buf *b, size_t n) {
  b->start += n;
  if (b->start < b->end) return;
  b->start = b->end = 0;
  if (b->cap > KEEP) buf_free(b);
}

void buf_free(Buf *b) {
  free(b->at);
  *b = (Buf){0};
}
