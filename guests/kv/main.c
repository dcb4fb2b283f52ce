/* The loop: see kv.h for the order of one turn. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "kv.h"

#define CLIENTS_MAX 4000 /* more wait in the listener's backlog; poll() needs 160 bytes of stack for each */
#define ACCEPTS 64       /* in one turn */
#define TICK 100         /* longest sleep while something is to be tried again, or swept */

Server server;

static int listener;
static bool paused; /* accept failed: the listener is left out of one poll */
static Client *clients[CLIENTS_MAX];
static struct pollfd polled[CLIENTS_MAX + 1];

static int64_t read_clock(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static short wanted(const Client *c) {
  bool hears = !c->eof && !c->last && !client_blocked(c);
  return (short)((hears ? POLLIN : 0) | (buf_len(&c->out) ? POLLOUT : 0));
}

/* Waits until there is something to do; with `stalled` only for a while. */
static void wait_for_events(bool stalled, bool sweep_more) {
  size_t n = 0;
  int timeout = stalled || paused || table_expiring() ? TICK : -1;
  if (!stalled) {
    bool listens = !paused && server.clients < CLIENTS_MAX;
    polled[n++] = (struct pollfd){.fd = listens ? listener : -1, .events = POLLIN};
    for (size_t i = 0; i < server.clients; i++) {
      polled[n++] = (struct pollfd){.fd = clients[i]->fd, .events = wanted(clients[i])};
      if (clients[i]->pending && !client_blocked(clients[i])) timeout = 0;
    }
    if (sweep_more) timeout = 0;
  }
  paused = false;
  if (poll(polled, (nfds_t)n, timeout) >= 0) return;
  if (errno != EINTR && errno != EAGAIN) {
    fprintf(stderr, "kv: cannot poll: %s\n", strerror(errno));
    exit(1);
  }
  for (size_t i = 0; i < n; i++) polled[i].revents = 0;
}

static void accept_clients(void) {
  static bool said;
  for (int i = 0; i < ACCEPTS && server.clients < CLIENTS_MAX; i++) {
    struct sockaddr address;
    socklen_t len = sizeof address;
    int fd = accept4(listener, &address, &len, SOCK_NONBLOCK);
    if (fd >= 0) {
      Client *c = client_new(fd);
      clients[server.clients - 1] = c;
      said = false;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      if (!said) fprintf(stderr, "kv: cannot accept: %s; trying again\n", strerror(errno));
      said = paused = true;
      return;
    }
  }
}

static void hear(Client *c, short events) {
  bool hears = !c->eof && !c->last && !client_blocked(c);
  if (hears && events & ~POLLOUT) client_read(c);
  client_run(c);
}

static void bury(void) {
  size_t kept = 0, all = server.clients;
  for (size_t i = 0; i < all; i++) {
    if (clients[i]->dead) client_free(clients[i]);
    else clients[kept++] = clients[i];
  }
}

static void serve(void) {
  bool sweep_more = false, stalled = false;
  while (!server.stopping || stalled) {
    wait_for_events(stalled, sweep_more);
    server.now = read_clock();
    if (!stalled) {
      for (size_t i = 0; i < server.clients; i++) {
        if (polled[i + 1].revents || clients[i]->pending) hear(clients[i], polled[i + 1].revents);
      }
      if (polled[0].revents) accept_clients();
      sweep_more = keys_sweep();
    }
    stalled = !aof_flush();
    if (stalled) continue;
    for (size_t i = 0; i < server.clients; i++) client_send(clients[i]);
    bury();
  }
}

static void name_run(void) {
  unsigned char random[28];
  uint64_t seed;
  if (getentropy(random, sizeof random) != 0) {
    fprintf(stderr, "kv: cannot read random bytes: %s\n", strerror(errno));
    exit(1);
  }
  for (int i = 0; i < 20; i++) snprintf(server.run_id + 2 * i, 3, "%02x", random[i]);
  memcpy(&seed, random + 20, sizeof seed);
  table_init(seed);
}

int main(int argc, char **argv) {
  const char *number = getenv("REPLRT_LISTEN_FD");
  listener = number ? atoi(number) : -1;
  if (!number || fcntl(listener, F_SETFL, O_NONBLOCK) != 0) {
    fprintf(stderr, "kv: cannot serve: REPLRT_LISTEN_FD %s; start it with --tcplisten HOST:PORT\n",
            number ? strerror(errno) : "is not set");
    return 1;
  }
  name_run();
  if (argc > 1 && !aof_open(argv[1])) return 1;
  server.started = server.now = read_clock();
  printf("kv ready, %zu keys\n", table_count());
  fflush(stdout);
  serve();
  return 0;
}
