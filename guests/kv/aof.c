/* The append-only file: one request in RESP form for each change, collected during a turn and written
 * before its replies. It is written, not fsynced: it outlives the process, not the machine. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kv.h"

#define CHUNK 65536

static struct {
  char path[1024];
  int fd;
  bool in_use, full;
  Buf waiting;
} aof = {.fd = -1};

bool aof_in_use(void) { return aof.in_use; }

void aof_add(size_t argc, const Bytes *argv) {
  if (!aof.in_use) return;
  reply_array(&aof.waiting, argc);
  for (size_t i = 0; i < argc; i++) reply_bulk(&aof.waiting, argv[i]);
}

bool aof_flush(void) {
  while (buf_len(&aof.waiting)) {
    ssize_t n = write(aof.fd, aof.waiting.at + aof.waiting.start, buf_len(&aof.waiting));
    if (n < 0 && errno == EINTR) continue;
    if (n >= 0) {
      buf_take(&aof.waiting, (size_t)n);
      continue;
    }
    bool full = errno == ENOSPC || errno == EDQUOT;
    if (!full || !aof.full) {
      fprintf(stderr, "kv: cannot write %s: %s%s\n", aof.path, strerror(errno),
              full ? "; all clients wait until there is room" : "");
    }
    if (!full) exit(1);
    aof.full = true;
    return false;
  }
  aof.full = false;
  return true;
}

/* Executes the whole requests in `in`; false: said why not all of it is requests. */
static bool replay(Request *r, Buf *in, off_t *good) {
  const char *why = "";
  Buf out = {0};
  for (;;) {
    RequestState state = request_parse(r, in, &why);
    if (state == REQUEST_MORE) break;
    if (state == REQUEST_READY && r->argc) {
      Call call = {.argc = r->argc, .argv = r->argv, .out = &out, .resp = 2};
      execute(&call);
      if (buf_len(&out) && out.at[out.start] == '-') {
        why = "a command that fails";
        state = REQUEST_BAD;
      }
      buf_take(&out, buf_len(&out));
    }
    if (state == REQUEST_BAD) {
      fprintf(stderr, "kv: cannot read %s: %s in the record at byte %lld; move the file away to start empty\n",
              aof.path, why, (long long)*good);
      buf_free(&out);
      return false;
    }
    *good += (off_t)r->pos;
    request_reset(r, in);
  }
  buf_free(&out);
  return true;
}

/* Reads the whole file; what follows the last whole record is cut off. False: said why. */
static bool load(void) {
  Buf in = {0};
  Request request;
  off_t good = 0;
  ssize_t n;
  request_init(&request);
  while ((n = read(aof.fd, buf_room(&in, CHUNK), CHUNK)) > 0) {
    in.end += (size_t)n;
    if (!replay(&request, &in, &good)) return false;
  }
  bool torn = buf_len(&in) > 0;
  if (torn) fprintf(stderr, "kv: cut %zu torn bytes off %s\n", buf_len(&in), aof.path);
  buf_free(&in);
  request_free(&request);
  if (n == 0 && (!torn || ftruncate(aof.fd, good) == 0)) return true;
  fprintf(stderr, "kv: cannot %s %s: %s\n", n < 0 ? "read" : "truncate", aof.path, strerror(errno));
  return false;
}

bool aof_open(const char *dir) {
  snprintf(aof.path, sizeof aof.path, "%s/appendonly.aof", dir);
  aof.fd = open(aof.path, O_RDWR | O_CREAT | O_APPEND, 0600);
  if (aof.fd < 0) {
    fprintf(stderr, "kv: cannot open %s: %s; is the directory given to the guest (--dir)?\n", aof.path,
            strerror(errno));
    return false;
  }
  aof.in_use = load();
  return aof.in_use;
}
