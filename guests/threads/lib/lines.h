/* Lines in and out that several threads may read and print: raw calls, no stdio, whose buffers belong to one thread. */
#ifndef THREADS_LINES_H
#define THREADS_LINES_H

#include <stdbool.h>
#include <stddef.h>

#define LINE 256

/* Prints a line on FD, a newline after it, in one fd_write; up to 255 bytes. False: FD takes nothing more. */
bool say_to(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define say(...) say_to(1, __VA_ARGS__)
/* As say, on stderr, and ends the program with 1. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What is read of a descriptor, line by line; all zero but for FD at the start. */
typedef struct {
  int fd;
  size_t start, end;
  char bytes[LINE];
} Input;
/* Waits for the next line, without its newline; a longer one comes in parts. False: there is no more. */
bool next_line(Input *in, char line[LINE + 1]);

/* The listening socket numbered in REPLRT_LISTEN_FD; -1: none. To be asked before the first spawn. */
int listening(void);
/* Waits for a connection; ends the program with 1 if there will be none. */
int next_connection(int listener);
void hang_up(int fd);

#endif
