/* stack [ROUNDS]: a stack without locks: three threads take a node off it, change the node and put it back, ROUNDS
 * (1000) times each; prints a hash of who got which node when, and exits with 1 if a node or a change is lost. */
#include <stdlib.h>

#include "thread.h"

#define NODES 100
#define THREADS 3

/* The upper half of the head counts its changes, so that a node that has gone and come back is seen to have. */
static uint64_t head;
static struct {
  uint32_t next, changes;
} nodes[NODES + 1]; /* 0: none */
static int rounds;
static unsigned hashes[THREADS];

static bool replace(uint64_t *seen, uint32_t node) {
  uint64_t wanted = ((*seen >> 32) + 1) << 32 | node;
  return __atomic_compare_exchange_n(&head, seen, wanted, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void push(uint32_t node) {
  uint64_t seen = __atomic_load_n(&head, __ATOMIC_SEQ_CST);
  do __atomic_store_n(&nodes[node].next, (uint32_t)seen, __ATOMIC_SEQ_CST);
  while (!replace(&seen, node));
}

static uint32_t pop(void) {
  uint64_t seen = __atomic_load_n(&head, __ATOMIC_SEQ_CST);
  while ((uint32_t)seen && !replace(&seen, __atomic_load_n(&nodes[(uint32_t)seen].next, __ATOMIC_SEQ_CST))) {
  }
  return (uint32_t)seen;
}

static void work(int number) {
  for (int i = 0; i < rounds; i++) {
    uint32_t node = pop();
    nodes[node].changes++;
    hashes[number] = hashes[number] * 31 + node * 7 + nodes[node].changes;
    push(node);
  }
}

int main(int argc, char **argv) {
  rounds = argc > 1 ? atoi(argv[1]) : 1000;
  for (uint32_t i = 1; i <= NODES; i++) push(i);
  run_threads(work, THREADS);
  int count = 0, changes = 0;
  for (uint32_t node; (node = pop()); count++) changes += (int)nodes[node].changes;
  say("stack: %d nodes, %d changes, order %08x", count, changes, hashes[0] ^ hashes[1] * 3 ^ hashes[2] * 7);
  return count != NODES || changes != THREADS * rounds;
}
