/* Commands on keys, and expiry: at the next use of a key, and by a small sweep in each turn. Either way
 * the removal goes to the append-only file, so that a replay needs no clock. */
#include "kv.h"

#define SWEEP 20 /* entries looked at in one turn */

static void remove_logged(Entry *e) {
  Bytes record[] = {{"DEL", 3}, {e->key, e->key_len}};
  aof_add(2, record);
  table_remove(e);
}

static bool expired(const Entry *e) { return e->expires && e->expires <= server.now; }

Entry *live_find(Bytes key) {
  Entry *e = table_find(key);
  if (!e || !expired(e)) return e;
  server.expired++;
  remove_logged(e);
  return NULL;
}

bool keys_sweep(void) {
  static size_t place;
  int found = 0;
  for (int i = 0; i < SWEEP && table_expiring(); i++) {
    if (place >= table_expiring()) place = 0;
    Entry *e = table_timer(place);
    if (expired(e)) {
      server.expired++;
      remove_logged(e);
      found++;
    } else {
      place++;
    }
  }
  return found > SWEEP / 4;
}

void cmd_del(Call *call) {
  int64_t removed = 0;
  for (size_t i = 1; i < call->argc; i++) {
    Entry *e = live_find(call->argv[i]);
    if (!e) continue;
    table_remove(e);
    removed++;
  }
  if (removed) log_call(call);
  reply_int(call->out, removed);
}

void cmd_exists(Call *call) {
  int64_t found = 0;
  for (size_t i = 1; i < call->argc; i++) found += live_find(call->argv[i]) != NULL;
  reply_int(call->out, found);
}

/* A deadline in the past removes the key. Logged absolute. */
static void expire_at(Call *call, int64_t at) {
  char text[24];
  Entry *e = live_find(call->argv[1]);
  if (!e) {
    reply_int(call->out, 0);
    return;
  }
  if (at <= server.now) {
    remove_logged(e);
  } else {
    table_expire(e, at);
    Bytes record[] = {{"PEXPIREAT", 9}, call->argv[1], {text, format_int(text, at)}};
    aof_add(3, record);
  }
  reply_int(call->out, 1);
}

static void expire(Call *call, const char *name, int64_t scale, int64_t from) {
  int64_t at;
  if (!parse_int(call->argv[2], &at)) {
    reply_line(call->out, "-ERR value is not an integer or out of range");
  } else if (__builtin_mul_overflow(at, scale, &at) || __builtin_add_overflow(at, from, &at)) {
    reply_error(call->out, "ERR invalid expire time in '%s' command", name);
  } else {
    expire_at(call, at);
  }
}

void cmd_expire(Call *call) { expire(call, "expire", 1000, server.now); }

void cmd_pexpire(Call *call) { expire(call, "pexpire", 1, server.now); }

void cmd_pexpireat(Call *call) { expire(call, "pexpireat", 1, 0); }

/* Milliseconds the key has left; -1: it never expires; -2: there is none. */
static int64_t left(Bytes key) {
  Entry *e = live_find(key);
  if (!e) return -2;
  return e->expires ? e->expires - server.now : -1;
}

void cmd_ttl(Call *call) {
  int64_t ms = left(call->argv[1]);
  reply_int(call->out, ms < 0 ? ms : (ms + 500) / 1000);
}

void cmd_pttl(Call *call) { reply_int(call->out, left(call->argv[1])); }

void cmd_persist(Call *call) {
  Entry *e = live_find(call->argv[1]);
  bool changes = e && e->expires;
  if (changes) {
    table_expire(e, 0);
    log_call(call);
  }
  reply_int(call->out, changes);
}

void cmd_dbsize(Call *call) { reply_int(call->out, (int64_t)table_count()); }

void cmd_flushall(Call *call) {
  bool known = call->argc == 1 || (call->argc == 2 && (same_text(call->argv[1], "sync") ||
                                                       same_text(call->argv[1], "async")));
  if (!known) {
    reply_line(call->out, "-ERR syntax error");
    return;
  }
  table_clear();
  log_call(call);
  reply_line(call->out, "+OK");
}
