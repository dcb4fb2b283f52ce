/* Threads of wasi-threads, by its two raw names, and what they meet at: locks and conditions. */
#ifndef THREADS_THREAD_H
#define THREADS_THREAD_H

#include "lines.h"

#include <stdbool.h>
#include <stdint.h>

/* What a thread does; NUMBER is its own among those of its program. */
typedef void Body(int number);
typedef struct Thread Thread;

/* Starts a thread; gives 0, or the errno by which the host refused, as in preview1. */
int try_spawn(Body *body, int number, Thread **thread);
/* As try_spawn; a thread that can't be had ends the program with 1. */
Thread *spawn(Body *body, int number);
/* Waits for the thread's end and frees it. */
void join(Thread *thread);
/* Spawns COUNT threads, numbered from 0 on, and joins them in this order. */
void run_threads(Body *body, int count);

/* A mutex that parks who has to wait; all zero: free. Not recursive. */
typedef struct {
  int state; /* 0 free, 1 held, 2 held and perhaps waited for */
} Mutex;
void lock(Mutex *m);
void unlock(Mutex *m);

/* A condition; all zero: nobody waits. It may wake without a wake. */
typedef struct {
  int wakes;
} Condition;
#define FOR_EVER (-1)
#define ALL (-1)
/* Frees M, waits for a wake up to NS, locks M again; false: the time ran out. */
bool wait_for(Condition *c, Mutex *m, int64_t ns);
/* Wakes up to COUNT of those that wait. */
void wake(Condition *c, int count);

/* What is done once, by whoever comes first; the others wait until it is. All zero: not yet. */
typedef struct {
  int state; /* 0 not yet, 1 under way, 2 done */
} Once;
void once(Once *o, void (*act)(void));

/* Parks until a notify of *WORD, at once if it is not VALUE; gives 0 woken, 1 not VALUE, 2 NS ran out. */
static inline int park(int *word, int value, int64_t ns) {
  return __builtin_wasm_memory_atomic_wait32(word, value, ns);
}
/* Wakes up to COUNT of those that are parked at WORD; gives how many. */
static inline int unpark(int *word, int count) {
  return (int)__builtin_wasm_memory_atomic_notify(word, (unsigned)count);
}

/* Sleeps by poll_oneoff. */
void pause_for(int64_t ns);
#define MS 1000000

#endif
