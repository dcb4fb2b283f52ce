/* The allocator of libc behind a lock. libc is the one for programs of a single thread; the linker turns every call of
 * these functions, its own too, into __wrap_ ones (--wrap). */
#include <stdlib.h>

#include "thread.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *old);

static Mutex heap;

void *__wrap_malloc(size_t size) {
  lock(&heap);
  void *memory = __real_malloc(size);
  unlock(&heap);
  return memory;
}

void *__wrap_calloc(size_t count, size_t size) {
  lock(&heap);
  void *memory = __real_calloc(count, size);
  unlock(&heap);
  return memory;
}

void *__wrap_realloc(void *old, size_t size) {
  lock(&heap);
  void *memory = __real_realloc(old, size);
  unlock(&heap);
  return memory;
}

void __wrap_free(void *old) {
  lock(&heap);
  __real_free(old);
  unlock(&heap);
}
