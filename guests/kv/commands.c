/* Which commands there are, and what is said of the others. */
#include <string.h>

#include "kv.h"

/* arity as Redis counts it: with the command's name; -n means n or more. */
static const struct {
  const char *name;
  int arity;
  Command *run;
} commands[] = {
    {"get", 2, cmd_get},           {"set", -3, cmd_set},
    {"incr", 2, cmd_incr},         {"decr", 2, cmd_decr},
    {"incrby", 3, cmd_incrby},     {"mget", -2, cmd_mget},
    {"mset", -3, cmd_mset},        {"del", -2, cmd_del},
    {"exists", -2, cmd_exists},    {"expire", 3, cmd_expire},
    {"pexpire", 3, cmd_pexpire},   {"pexpireat", 3, cmd_pexpireat},
    {"ttl", 2, cmd_ttl},           {"pttl", 2, cmd_pttl},
    {"persist", 2, cmd_persist},   {"dbsize", 1, cmd_dbsize},
    {"flushall", -1, cmd_flushall}, {"ping", -1, cmd_ping},
    {"echo", 2, cmd_echo},         {"select", 2, cmd_select},
    {"quit", -1, cmd_quit},        {"hello", -1, cmd_hello},
    {"client", -2, cmd_client},    {"command", -1, cmd_command},
    {"config", -2, cmd_config},    {"info", -1, cmd_info},
    {"shutdown", -1, cmd_shutdown},
};

#define SHOWN 128 /* characters of a name, and of all arguments, in an error */

static int shown(size_t len, size_t room) { return (int)(len < room ? len : room); }

static void unknown(Call *call) {
  char args[2 * SHOWN];
  size_t used = 0;
  for (size_t i = 1; i < call->argc && used < SHOWN; i++) {
    int n = shown(call->argv[i].len, SHOWN - used);
    args[used++] = '\'';
    memcpy(args + used, call->argv[i].at, (size_t)n);
    used += (size_t)n;
    args[used++] = '\'';
    args[used++] = ' ';
  }
  Bytes name = call->argv[0];
  reply_error(call->out, "ERR unknown command '%.*s', with args beginning with: %.*s",
              shown(name.len, SHOWN), name.at, (int)used, args);
}

void execute(Call *call) {
  server.commands++;
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (!same_text(call->argv[0], commands[i].name)) continue;
    int argc = (int)call->argc, arity = commands[i].arity;
    if (arity < 0 ? argc >= -arity : argc == arity) {
      commands[i].run(call);
    } else {
      reply_error(call->out, "ERR wrong number of arguments for '%s' command", commands[i].name);
    }
    return;
  }
  unknown(call);
}

void log_call(const Call *call) { aof_add(call->argc, call->argv); }
