/* crowd [WAVES] [THREADS]: WAVES (8) times THREADS (8) short threads at once, each of which lets memory grow, by the
 * allocator and by itself, and fills what it got; prints how many there were, the sum of what they found in it at the
 * end, and a hash of their order; exits with 1 if something was overwritten. */
#include <stdlib.h>
#include <string.h>

#include "thread.h"

#define SIZE 70000
#define PAGE 65536
#define MOST 10000

static Mutex mutex;
static Once prepared;
static unsigned char *kept[MOST];
static unsigned weights[256], count, order;

static void prepare(void) {
  for (unsigned i = 0; i < 256; i++) weights[i] = i * i + 1;
}

static void visit(int number) {
  once(&prepared, prepare);
  unsigned char *block = malloc(SIZE);
  size_t page = __builtin_wasm_memory_grow(0, 1);
  if (!block || page == SIZE_MAX) fail("crowd: cannot have more memory");
  memset(block, number, SIZE);
  memset((void *)(page * PAGE), number, PAGE);
  lock(&mutex);
  kept[count++] = block;
  order = order * 31 + (unsigned)number;
  unlock(&mutex);
  for (int i = 0; i < PAGE; i += 512) {
    unsigned char found = ((unsigned char *)(page * PAGE))[i];
    if (found != (unsigned char)number) fail("crowd: a page of %d was overwritten", number);
  }
}

int main(int argc, char **argv) {
  int waves = argc > 1 ? atoi(argv[1]) : 8, threads = argc > 2 ? atoi(argv[2]) : 8;
  if (waves * threads > MOST) fail("crowd: cannot have more than %d threads", MOST);
  for (int wave = 0; wave < waves; wave++) run_threads(visit, threads);
  unsigned sum = 0;
  for (unsigned i = 0; i < count; i++) {
    sum += weights[kept[i][0]];
    if (memcmp(kept[i], kept[i] + 1, SIZE - 1) != 0) fail("crowd: a block was overwritten");
  }
  say("crowd: %u threads, sum %u, order %08x", count, sum, order);
  return 0;
}
