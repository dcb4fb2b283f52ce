/* Commands on values. */
#include "kv.h"

#define NOT_AN_INTEGER "-ERR value is not an integer or out of range"

void cmd_get(Call *call) {
  Entry *e = live_find(call->argv[1]);
  if (e) reply_bulk(call->out, (Bytes){e->value, e->value_len});
  else reply_null(call->out, call->resp);
}

/* Stops where the client will be closed for what it asked. */
void cmd_mget(Call *call) {
  reply_array(call->out, call->argc - 1);
  for (size_t i = 1; i < call->argc && buf_len(call->out) <= OUT_MAX; i++) {
    Call one = {.argc = 2, .argv = &call->argv[i - 1], .out = call->out, .resp = call->resp};
    cmd_get(&one);
  }
}

typedef struct {
  bool absent, present; /* NX, XX */
  int64_t expires;      /* 0: no expiry asked for */
} SetOptions;

/* The deadline of SET key value EX|PX|PXAT number; false: answered with an error. */
static bool set_deadline(Call *call, Bytes unit, Bytes number, int64_t *at) {
  int64_t scale = same_text(unit, "ex") ? 1000 : 1;
  int64_t from = same_text(unit, "pxat") ? 0 : server.now;
  int64_t value;
  if (!parse_int(number, &value)) {
    reply_line(call->out, NOT_AN_INTEGER);
    return false;
  }
  if (value > 0 && !__builtin_mul_overflow(value, scale, &value) &&
      !__builtin_add_overflow(value, from, at)) {
    return true;
  }
  reply_line(call->out, "-ERR invalid expire time in 'set' command");
  return false;
}

/* False: answered with an error. */
static bool set_options(Call *call, SetOptions *options) {
  for (size_t i = 3; i < call->argc; i++) {
    Bytes word = call->argv[i];
    bool time = same_text(word, "ex") || same_text(word, "px") || same_text(word, "pxat");
    if (same_text(word, "nx") && !options->present) options->absent = true;
    else if (same_text(word, "xx") && !options->absent) options->present = true;
    else if (time && !options->expires && i + 1 < call->argc) {
      if (!set_deadline(call, word, call->argv[++i], &options->expires)) return false;
    } else {
      reply_line(call->out, "-ERR syntax error");
      return false;
    }
  }
  return true;
}

/* A change of SET goes to the file as one record, its deadline absolute, so that no tear parts them. */
static void log_set(const Call *call, int64_t expires) {
  char text[24];
  Bytes record[5] = {{"SET", 3}, call->argv[1], call->argv[2], {"PXAT", 4}};
  record[4] = (Bytes){text, format_int(text, expires)};
  aof_add(expires ? 5 : 3, record);
}

void cmd_set(Call *call) {
  SetOptions options = {0};
  if (!set_options(call, &options)) return;
  Entry *old = live_find(call->argv[1]);
  if (old ? options.absent : options.present) {
    reply_null(call->out, call->resp);
    return;
  }
  Entry *e = table_put(call->argv[1], call->argv[2]);
  table_expire(e, options.expires);
  log_set(call, options.expires);
  reply_line(call->out, "+OK");
}

void cmd_mset(Call *call) {
  if (call->argc % 2 == 0) {
    reply_line(call->out, "-ERR wrong number of arguments for 'mset' command");
    return;
  }
  for (size_t i = 1; i < call->argc; i += 2) {
    table_expire(table_put(call->argv[i], call->argv[i + 1]), 0);
  }
  log_call(call);
  reply_line(call->out, "+OK");
}

static void add(Call *call, int64_t by) {
  Entry *e = live_find(call->argv[1]);
  int64_t value = 0;
  char text[24];
  if (e && !parse_int((Bytes){e->value, e->value_len}, &value)) {
    reply_line(call->out, NOT_AN_INTEGER);
  } else if (__builtin_add_overflow(value, by, &value)) {
    reply_line(call->out, "-ERR increment or decrement would overflow");
  } else {
    table_put(call->argv[1], (Bytes){text, format_int(text, value)});
    log_call(call);
    reply_int(call->out, value);
  }
}

void cmd_incr(Call *call) { add(call, 1); }

void cmd_decr(Call *call) { add(call, -1); }

void cmd_incrby(Call *call) {
  int64_t by;
  if (parse_int(call->argv[2], &by)) add(call, by);
  else reply_line(call->out, NOT_AN_INTEGER);
}
