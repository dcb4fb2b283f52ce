/* queue [ITEMS]: two producers and two consumers at a buffer of eight, ITEMS (500) a producer, all of whose waits run
 * out after 30 us; each sleeps now and then, so that they do. Prints the sum, which must be right (else 1), how many
 * waits ran out, and a hash of the order. */
#include <stdlib.h>

#include "thread.h"

#define PLACES 8
#define PATIENCE_NS 30000
#define SLEEP (3 * MS)

static Mutex mutex;
static Condition room, filled;
static int places[PLACES], first, count, producing = 2, items;
static int late_producers, late_consumers;
static long long sum;
static unsigned order;

static void put(int item) {
  lock(&mutex);
  while (count == PLACES) late_producers += !wait_for(&room, &mutex, PATIENCE_NS);
  places[(first + count++) % PLACES] = item;
  wake(&filled, 1);
  unlock(&mutex);
}

static void produce(int number) {
  for (int i = 0; i < items; i++) {
    if (i % 100 == 50) pause_for(SLEEP);
    put(2 * i + number);
  }
  lock(&mutex);
  producing--;
  wake(&filled, ALL);
  unlock(&mutex);
}

/* The next item, or -1: there will be no more. */
static int take(void) {
  int item = -1;
  lock(&mutex);
  while (count == 0 && producing > 0) late_consumers += !wait_for(&filled, &mutex, PATIENCE_NS);
  if (count > 0) {
    item = places[first];
    first = (first + 1) % PLACES;
    count--;
    sum += item;
    order = order * 31 + (unsigned)item;
    wake(&room, 1);
  }
  unlock(&mutex);
  return item;
}

static void consume(void) {
  int i = 0;
  do {
    if (i++ % 100 == 0) pause_for(SLEEP);
  } while (take() >= 0);
}

static void work(int number) {
  if (number < 2) produce(number);
  else consume();
}

int main(int argc, char **argv) {
  items = argc > 1 ? atoi(argv[1]) : 500;
  run_threads(work, 4);
  say("queue: sum %lld, late %d producers %d consumers, order %08x", sum, late_producers, late_consumers, order);
  return sum != (long long)items * (2 * items - 1);
}
