/* ends WHO HOW OTHERS [CODE]: how a process ends. WHO: main, or other, a thread. HOW: return (a thread's ends nothing,
 * so main returns after it), exit (with CODE, 7), trap. OTHERS: what two more threads do meanwhile, and main if it is
 * not waiting for a return: busy, wait, read, sleep, each for ever, and read from stdin. */
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

#include "thread.h"

#define OTHERS 2

static const char *how, *others;
static int code, started;
static volatile unsigned rounds;

static void read_input(void) {
  char bytes[64];
  __wasi_iovec_t all = {(uint8_t *)bytes, sizeof bytes};
  __wasi_size_t got;
  while (__wasi_fd_read(0, &all, 1, &got) == 0 && got > 0) {
  }
}

static void linger(int number) {
  (void)number;
  __atomic_fetch_add(&started, 1, __ATOMIC_SEQ_CST);
  if (strcmp(others, "busy") == 0) {
    for (;;) rounds = rounds + 1;
  }
  if (strcmp(others, "sleep") == 0) pause_for(60000ll * MS);
  if (strcmp(others, "read") == 0) read_input();
  for (int never = 0;;) park(&never, 0, FOR_EVER);
}

__attribute__((noinline)) static void end(int number) {
  while (__atomic_load_n(&started, __ATOMIC_SEQ_CST) < OTHERS) pause_for(MS);
  pause_for(10 * MS);
  say("ends: %s by %s", how, number ? "a thread" : "main");
  if (strcmp(how, "exit") == 0) exit(code);
  if (strcmp(how, "trap") == 0) __builtin_trap();
}

int main(int argc, char **argv) {
  if (argc < 4) fail("ends: cannot start: WHO HOW OTHERS");
  bool by_main = strcmp(argv[1], "main") == 0;
  how = argv[2];
  others = argv[3];
  code = argc > 4 ? atoi(argv[4]) : 7;
  for (int i = 0; i < OTHERS; i++) spawn(linger, i);
  if (by_main) {
    end(0);
    return 0;
  }
  Thread *ender = spawn(end, 1);
  if (strcmp(how, "return") != 0) linger(0);
  join(ender);
  say("ends: return by main");
  return 0;
}
