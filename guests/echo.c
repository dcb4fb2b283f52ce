/* echo: streams: sends up to 64 clients of the listening socket numbered in REPLRT_LISTEN_FD what they sent, by
 * poll(); reads no client whose echo still waits; ends a connection when its client does. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS 64

static struct {
  char bytes[16384];
  size_t start, end;
} echoes[CLIENTS];
static struct pollfd polled[CLIENTS + 1]; /* the clients, then the listener; fd -1: free */

static void serve(int i) {
  struct pollfd *p = &polled[i];
  size_t left = echoes[i].end - echoes[i].start;
  ssize_t n = left ? send(p->fd, echoes[i].bytes + echoes[i].start, left, 0)
                   : recv(p->fd, echoes[i].bytes, sizeof echoes[i].bytes, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) {
    close(p->fd);
    p->fd = -1;
    return;
  }
  echoes[i].start = left ? echoes[i].start + (size_t)n : 0;
  if (!left) echoes[i].end = (size_t)n;
  p->events = echoes[i].start < echoes[i].end ? POLLOUT : POLLIN;
}

static int fail(const char *what) {
  perror(what);
  return 1;
}

int main(void) {
  const char *number = getenv("REPLRT_LISTEN_FD");
  int listener = number ? atoi(number) : -1;
  if (fcntl(listener, F_SETFL, O_NONBLOCK) != 0) return fail("echo: cannot serve");
  for (int i = 0; i < CLIENTS; i++) polled[i].fd = -1;
  puts("echo ready");
  fflush(stdout);
  for (;;) {
    int place = 0;
    while (place < CLIENTS && polled[place].fd >= 0) place++;
    polled[CLIENTS] = (struct pollfd){place < CLIENTS ? listener : -1, POLLIN, 0};
    if (poll(polled, CLIENTS + 1, -1) < 0) return fail("echo: cannot poll");
    for (int i = 0; i < CLIENTS; i++) {
      if (polled[i].fd >= 0 && polled[i].revents) serve(i);
    }
    if (!polled[CLIENTS].revents) continue;
    struct sockaddr address;
    socklen_t len = sizeof address;
    int fd = accept4(listener, &address, &len, SOCK_NONBLOCK);
    if (fd < 0 && errno != EAGAIN) return fail("echo: cannot accept");
    if (fd < 0) continue;
    echoes[place].start = echoes[place].end = 0;
    polled[place] = (struct pollfd){fd, POLLIN, 0};
  }
}
