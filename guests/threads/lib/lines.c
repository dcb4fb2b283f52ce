#include "lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

/* What does not fit is cut off, but not the newline. */
static bool print(int fd, const char *format, va_list values) {
  char line[LINE];
  int wanted = vsnprintf(line, LINE - 1, format, values);
  size_t length = wanted < LINE - 2 ? (size_t)wanted : LINE - 2;
  line[length++] = '\n';
  for (size_t at = 0; at < length;) {
    __wasi_ciovec_t rest = {(const uint8_t *)line + at, length - at};
    __wasi_size_t written;
    if (__wasi_fd_write(fd, &rest, 1, &written) != 0) return false;
    at += written;
  }
  return true;
}

bool say_to(int fd, const char *format, ...) {
  va_list values;
  va_start(values, format);
  bool printed = print(fd, format, values);
  va_end(values);
  return printed;
}

void fail(const char *format, ...) {
  va_list values;
  va_start(values, format);
  print(2, format, values);
  va_end(values);
  __wasi_proc_exit(1);
}

/* Takes LENGTH bytes as a line, and SKIPPED more. */
static bool taken(Input *in, char *line, size_t length, size_t skipped) {
  memcpy(line, in->bytes + in->start, length);
  line[length] = 0;
  in->start += length + skipped;
  return true;
}

bool next_line(Input *in, char line[LINE + 1]) {
  for (;;) {
    size_t held = in->end - in->start;
    char *newline = memchr(in->bytes + in->start, '\n', held);
    if (newline) return taken(in, line, (size_t)(newline - (in->bytes + in->start)), 1);
    if (held == LINE) return taken(in, line, held, 0);
    memmove(in->bytes, in->bytes + in->start, held);
    in->start = 0;
    in->end = held;
    __wasi_iovec_t room = {(uint8_t *)in->bytes + held, LINE - held};
    __wasi_size_t got;
    if (__wasi_fd_read(in->fd, &room, 1, &got) != 0 || got == 0) return held > 0 && taken(in, line, held, 0);
    in->end += got;
  }
}

int listening(void) {
  const char *number = getenv("REPLRT_LISTEN_FD");
  return number ? atoi(number) : -1;
}

int next_connection(int listener) {
  __wasi_fd_t fd;
  __wasi_errno_t error = __wasi_sock_accept(listener, 0, &fd);
  if (error) fail("cannot accept: error %d", error);
  return (int)fd;
}

void hang_up(int fd) { (void)!__wasi_fd_close(fd); }
