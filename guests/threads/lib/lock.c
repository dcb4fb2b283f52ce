/* Locks and conditions, each over one word that a thread can park at. */
#include <stdlib.h>

#include "thread.h"

void lock(Mutex *m) {
  int state = 0;
  if (__atomic_compare_exchange_n(&m->state, &state, 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) return;
  while (__atomic_exchange_n(&m->state, 2, __ATOMIC_SEQ_CST) != 0) park(&m->state, 2, FOR_EVER);
}

void unlock(Mutex *m) {
  if (__atomic_exchange_n(&m->state, 0, __ATOMIC_SEQ_CST) == 2) unpark(&m->state, 1);
}

bool wait_for(Condition *c, Mutex *m, int64_t ns) {
  int seen = __atomic_load_n(&c->wakes, __ATOMIC_SEQ_CST);
  unlock(m);
  int how = park(&c->wakes, seen, ns);
  lock(m);
  return how != 2;
}

void wake(Condition *c, int count) {
  __atomic_fetch_add(&c->wakes, 1, __ATOMIC_SEQ_CST);
  unpark(&c->wakes, count);
}

void once(Once *o, void (*act)(void)) {
  int state = 0;
  if (__atomic_compare_exchange_n(&o->state, &state, 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    act();
    __atomic_store_n(&o->state, 2, __ATOMIC_SEQ_CST);
    unpark(&o->state, ALL);
  }
  while (__atomic_load_n(&o->state, __ATOMIC_SEQ_CST) != 2) park(&o->state, 1, FOR_EVER);
}
