/* Threads over the raw import and export. */
#include "thread.h"

#include <stddef.h>
#include <stdlib.h>
#include <wasi/api.h>

#define STACK 16384

struct Thread {
  void *stack; /* its upper end; the assembly below reads it, at 0 */
  int done;    /* and sets this one, at 4 */
  Body *body;
  int number;
};
_Static_assert(offsetof(Thread, stack) == 0 && offsetof(Thread, done) == 4, "the assembly has these");

__attribute__((import_module("wasi"), import_name("thread-spawn"))) int thread_spawn(Thread *thread);

__attribute__((used)) void thread_main(Thread *thread) { thread->body(thread->number); }

/* A thread starts on its own stack, and says that it is done when it needs that no more. */
__asm__(
    ".globaltype __stack_pointer, i32\n"
    ".functype thread_main (i32) -> ()\n"
    ".globl wasi_thread_start\n"
    ".type wasi_thread_start,@function\n"
    "wasi_thread_start:\n"
    ".functype wasi_thread_start (i32, i32) -> ()\n"
    "local.get 1\n"
    "i32.load 0\n"
    "global.set __stack_pointer\n"
    "local.get 1\n"
    "call thread_main\n"
    "local.get 1\n"
    "i32.const 1\n"
    "i32.atomic.store 4\n"
    "local.get 1\n"
    "i32.const -1\n"
    "memory.atomic.notify 4\n"
    "drop\n"
    "end_function\n"
    ".export_name wasi_thread_start, wasi_thread_start\n");

int try_spawn(Body *body, int number, Thread **thread) {
  char *block = malloc(STACK + sizeof(Thread));
  if (!block) return __WASI_ERRNO_NOMEM;
  Thread *t = (Thread *)(block + STACK);
  *t = (Thread){.stack = t, .body = body, .number = number};
  int tid = thread_spawn(t);
  if (tid < 0) free(block);
  else *thread = t;
  return tid < 0 ? -tid : 0;
}

Thread *spawn(Body *body, int number) {
  Thread *thread;
  int error = try_spawn(body, number, &thread);
  if (error) fail("cannot start thread %d: error %d", number, error);
  return thread;
}

void join(Thread *thread) {
  while (!__atomic_load_n(&thread->done, __ATOMIC_SEQ_CST)) park(&thread->done, 0, FOR_EVER);
  free((char *)thread - STACK);
}

void run_threads(Body *body, int count) {
  Thread *threads[count];
  for (int i = 0; i < count; i++) threads[i] = spawn(body, i);
  for (int i = 0; i < count; i++) join(threads[i]);
}

void pause_for(int64_t ns) {
  __wasi_subscription_t clock = {.u = {.tag = __WASI_EVENTTYPE_CLOCK}};
  clock.u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
  clock.u.u.clock.timeout = (__wasi_timestamp_t)ns;
  __wasi_event_t event;
  __wasi_size_t events;
  if (__wasi_poll_oneoff(&clock, &event, 1, &events) != 0) fail("cannot sleep");
}
