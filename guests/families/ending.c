/* Ending: yields in every round; in the one that the argument names as "exit CODE ROUND" or "raise SIGNAL ROUND" it ends
 * the program so, by the numbers of the spec. */
#include <stdio.h>
#include "wasi.h"

__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_raise")))
extern int32_t proc_raise(int32_t signal);

void ending(const struct round *round) {
  int number = 0, when = 0;
  for (int i = 0; i < 20; i++) need("yield", __wasi_sched_yield());
  char step[32];
  snprintf(step, sizeof step, "yields %d", round->number);
  say(step, __wasi_sched_yield());
  if (sscanf(round->argument, "exit %d %d", &number, &when) == 2 && when == round->number) {
    __wasi_proc_exit((__wasi_exitcode_t)number);
  }
  if (sscanf(round->argument, "raise %d %d", &number, &when) == 2 && when == round->number) {
    say("raised", (Errno)proc_raise(number));
  }
}
