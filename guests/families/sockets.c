/* Sockets: one conversation a round, in which a client of the listening socket numbered in REPLRT_LISTEN_FD is told the
 * round's number and sends a text of 20 bytes that ends with a newline; what came, and the round's number, go back. A
 * conversation that breaks is had again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "wasi.h"

#define SIZE 20

static Errno recv(int fd, char *to, size_t size, __wasi_riflags_t flags, size_t *count) {
  size_t half = size / 2;
  __wasi_iovec_t parts[] = {{(uint8_t *)to, half}, {(uint8_t *)to + half, size - half}};
  __wasi_roflags_t out;
  return __wasi_sock_recv(fd, parts, 2, flags, count, &out);
}

static Errno send(int fd, const char *head, const char *text) {
  __wasi_ciovec_t parts[] = {{(const uint8_t *)head, strlen(head)}, {(const uint8_t *)text, strlen(text)}};
  __wasi_size_t sent = 0;
  Errno e = __wasi_sock_send(fd, parts, 2, 0, &sent);
  return e != 0 || sent == parts[0].buf_len + parts[1].buf_len ? e : __WASI_ERRNO_MSGSIZE;
}

/* Peeks until the whole text is there, then takes it. */
static Errno take(int fd, char *text) {
  size_t peeked = 0, count = 0;
  while (peeked < SIZE) {
    Errno e = recv(fd, text, SIZE, __WASI_RIFLAGS_RECV_PEEK, &peeked);
    if (e != 0) return e;
    if (peeked == 0) return __WASI_ERRNO_CONNABORTED;
  }
  char again[SIZE];
  Errno e = recv(fd, again, SIZE, 0, &count);
  return e != 0 || (count == SIZE && memcmp(text, again, SIZE) == 0) ? e : __WASI_ERRNO_IO;
}

/* Ends the conversation as the round says: sending first, receiving first, or both at once. */
static Errno finish(int fd, int round, const char *head, const char *text, int *after) {
  static const __wasi_sdflags_t ways[] = {__WASI_SDFLAGS_WR, __WASI_SDFLAGS_RD, __WASI_SDFLAGS_RD | __WASI_SDFLAGS_WR};
  char rest[SIZE];
  size_t count = 1;
  Errno e = 0;
  __wasi_sdflags_t how = ways[round % 3];
  if (how != __WASI_SDFLAGS_RD) e = send(fd, head, text);
  if (e == 0) e = __wasi_sock_shutdown(fd, how);
  if (e == 0) e = recv(fd, rest, SIZE, 0, &count);
  if (e == 0 && how == __WASI_SDFLAGS_RD) e = send(fd, head, text);
  if (e == 0) *after = how == __WASI_SDFLAGS_RD ? 0 : send(fd, "too", " late");
  return e == 0 && count != 0 ? __WASI_ERRNO_MSGSIZE : e;
}

static Errno converse(int fd, int round, char *text, int *after) {
  char number[16];
  snprintf(number, sizeof number, "%d ", round);
  Errno e = send(fd, number, "\n");
  if (e == 0) e = take(fd, text);
  return e == 0 ? finish(fd, round, number, text, after) : e;
}

static void listen_quietly(int listener) {
  __wasi_fd_t fd;
  char text[SIZE];
  size_t count;
  say("a listener that does not wait", __wasi_fd_fdstat_set_flags(listener, __WASI_FDFLAGS_NONBLOCK));
  say("accept nobody", __wasi_sock_accept(listener, 0, &fd));
  say("a listener that waits", __wasi_fd_fdstat_set_flags(listener, 0));
  say("receive from a listener", recv(listener, text, SIZE, 0, &count));
  say("send to a listener", send(listener, "a", "b"));
  say("accept on stdout", __wasi_sock_accept(1, 0, &fd));
  say("accept on what is not open", __wasi_sock_accept(NOT_OPEN, 0, &fd));
  say("receive from what is not open", recv(NOT_OPEN, text, SIZE, 0, &count));
  say("shut down what is not open", __wasi_sock_shutdown(NOT_OPEN, __WASI_SDFLAGS_WR));
  say_whether("serving", 1);
}

void sockets(const struct round *round) {
  const char *number = getenv("REPLRT_LISTEN_FD");
  int listener = number ? atoi(number) : NOT_OPEN;
  if (round->number == 1) listen_quietly(listener);
  for (;;) {
    __wasi_fd_t fd = NOT_OPEN;
    need("accept", __wasi_sock_accept(listener, 0, &fd));
    char text[SIZE + 1] = "", step[32];
    int after = 0;
    Errno e = converse((int)fd, round->number, text, &after);
    let_go((int)fd);
    if (e != 0) continue;
    snprintf(step, sizeof step, "conversation %d", round->number);
    text[SIZE - 1] = 0;
    sayf(step, 0, "'%s'%s", text, after == 0 ? "" : after == __WASI_ERRNO_PIPE ? ", then pipe" : ", then failed");
    return;
  }
}
