/* pool [THREADS]: kv, without its file, by threads: main takes connections, THREADS (4) threads serve one each at a
 * time, and the keys are behind one lock; the calls of a thread wait, and hold up nobody else. SHUTDOWN ends it with
 * 0. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kv.h"
#include "thread.h"

#define WAITING 1024 /* connections nobody serves yet; more wait to be accepted */

Server server;

static Mutex keys, queue;
static Condition some, room;
static int waiting[WAITING], first, count;

void aof_add(size_t argc, const Bytes *argv) { (void)argc, (void)argv; }

bool aof_in_use(void) { return false; }

static int64_t read_clock(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void name_run(void) {
  unsigned char random[28];
  uint64_t seed;
  if (getentropy(random, sizeof random) != 0) fail("pool: cannot read random bytes");
  for (int i = 0; i < 20; i++) snprintf(server.run_id + 2 * i, 3, "%02x", random[i]);
  memcpy(&seed, random + 20, sizeof seed);
  table_init(seed);
}

static void enqueue(int fd) {
  lock(&queue);
  while (count == WAITING) wait_for(&room, &queue, FOR_EVER);
  waiting[(first + count++) % WAITING] = fd;
  wake(&some, 1);
  unlock(&queue);
}

static int dequeue(void) {
  lock(&queue);
  while (count == 0) wait_for(&some, &queue, FOR_EVER);
  int fd = waiting[first];
  first = (first + 1) % WAITING;
  count--;
  wake(&room, 1);
  unlock(&queue);
  return fd;
}

/* Executes what the client sent; true: it said SHUTDOWN, and nobody executes anything more. */
static bool run(Client *c) {
  lock(&keys);
  server.now = read_clock();
  client_run(c);
  keys_sweep();
  if (server.stopping) return true;
  unlock(&keys);
  return false;
}

static void serve(int fd) {
  lock(&keys);
  Client *c = client_new(fd);
  unlock(&keys);
  while (!c->dead) {
    if (!c->pending && !c->eof && !c->last) client_read(c);
    bool stopping = run(c);
    do client_send(c);
    while (buf_len(&c->out) && !c->dead);
    if (stopping) exit(0);
  }
  lock(&keys);
  client_free(c);
  unlock(&keys);
}

static void work(int number) {
  (void)number;
  for (;;) serve(dequeue());
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 4, listener = listening();
  if (listener < 0) fail("pool: cannot serve: REPLRT_LISTEN_FD is not set; start it with --tcplisten HOST:PORT");
  name_run();
  server.started = read_clock();
  for (int i = 0; i < threads; i++) spawn(work, i);
  say("pool ready, %d threads", threads);
  for (;;) enqueue(next_connection(listener));
}
