/* args [CODE …]: what the program was given: its arguments and environment, one a line; exits with CODE (0). */
#include <stdio.h>
#include <stdlib.h>

extern char **environ;

int main(int argc, char **argv) {
  for (int i = 0; i < argc; i++) printf("arg %d %s\n", i, argv[i]);
  for (char **e = environ; *e; e++) printf("env %s\n", *e);
  return argc > 1 ? atoi(argv[1]) : 0;
}
