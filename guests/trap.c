/* trap: a program that fails: prints a line, then traps three functions deep (outer, middle, inner), so that
 * their names stand in the stack trace. */
#include <stdio.h>

__attribute__((noinline)) static int inner(volatile int *depth) {
  *depth = 3;
  if (*depth == 3) __builtin_trap();
  return *depth;
}

__attribute__((noinline)) static int middle(volatile int *depth) {
  *depth = 2;
  return inner(depth) + *depth;
}

__attribute__((noinline)) static int outer(volatile int *depth) {
  *depth = 1;
  return middle(depth) + *depth;
}

int main(void) {
  volatile int depth = 0;
  puts("going down");
  fflush(stdout);
  return outer(&depth);
}
