/* Commands about the connection and the server. */
#include <stdio.h>

#include "kv.h"

#define VERSION "7.0.0" /* the Redis whose words and replies these are */

static void wrong_number(Call *call, const char *name) {
  reply_error(call->out, "ERR wrong number of arguments for '%s' command", name);
}

void cmd_ping(Call *call) {
  if (call->argc > 2) wrong_number(call, "ping");
  else if (call->argc == 2) reply_bulk(call->out, call->argv[1]);
  else reply_line(call->out, "+PONG");
}

void cmd_echo(Call *call) { reply_bulk(call->out, call->argv[1]); }

void cmd_select(Call *call) {
  int64_t number;
  if (!parse_int(call->argv[1], &number)) {
    reply_line(call->out, "-ERR value is not an integer or out of range");
  } else {
    reply_line(call->out, number == 0 ? "+OK" : "-ERR DB index is out of range");
  }
}

void cmd_quit(Call *call) {
  call->close = true;
  reply_line(call->out, "+OK");
}

/* HELLO [2|3 [AUTH name password] [SETNAME name]]; there are no passwords, so any will do. */
void cmd_hello(Call *call) {
  int64_t version = call->resp;
  if (call->argc > 1 && !parse_int(call->argv[1], &version)) {
    reply_line(call->out, "-ERR Protocol version is not an integer or out of range");
    return;
  }
  if (version != 2 && version != 3) {
    reply_line(call->out, "-NOPROTO unsupported protocol version");
    return;
  }
  for (size_t i = 2; i < call->argc; i++) {
    size_t more = call->argc - i - 1;
    if (same_text(call->argv[i], "auth") && more >= 2) i += 2;
    else if (same_text(call->argv[i], "setname") && more >= 1) i++;
    else {
      reply_error(call->out, "ERR Syntax error in HELLO option '%.*s'",
                  call->argv[i].len < 128 ? (int)call->argv[i].len : 128, call->argv[i].at);
      return;
    }
  }
  call->resp = (int)version;
  reply_map(call->out, call->resp, 5);
  reply_text(call->out, "server");
  reply_text(call->out, "redis");
  reply_text(call->out, "version");
  reply_text(call->out, VERSION);
  reply_text(call->out, "proto");
  reply_int(call->out, call->resp);
  reply_text(call->out, "mode");
  reply_text(call->out, "standalone");
  reply_text(call->out, "modules");
  reply_array(call->out, 0);
}

void cmd_client(Call *call) {
  Bytes what = call->argv[1];
  bool setname = same_text(what, "setname"), setinfo = same_text(what, "setinfo");
  if ((setname && call->argc == 3) || (setinfo && call->argc == 4)) {
    reply_line(call->out, "+OK");
  } else if (setname || setinfo) {
    wrong_number(call, setname ? "client|setname" : "client|setinfo");
  } else {
    reply_error(call->out, "ERR unknown subcommand '%.*s'. Try CLIENT HELP.",
                what.len < 128 ? (int)what.len : 128, what.at);
  }
}

void cmd_command(Call *call) { reply_array(call->out, 0); }

/* CONFIG GET name…: the two settings that redis-benchmark asks for. */
void cmd_config(Call *call) {
  Bytes what = call->argv[1];
  if (!same_text(what, "get")) {
    reply_error(call->out, "ERR unknown subcommand '%.*s'. Try CONFIG HELP.",
                what.len < 128 ? (int)what.len : 128, what.at);
    return;
  }
  if (call->argc < 3) {
    wrong_number(call, "config|get");
    return;
  }
  bool save = false, appendonly = false;
  for (size_t i = 2; i < call->argc; i++) {
    save |= same_text(call->argv[i], "save");
    appendonly |= same_text(call->argv[i], "appendonly");
  }
  reply_map(call->out, call->resp, (size_t)save + appendonly);
  if (save) {
    reply_text(call->out, "save");
    reply_text(call->out, "");
  }
  if (appendonly) {
    reply_text(call->out, "appendonly");
    reply_text(call->out, aof_in_use() ? "yes" : "no");
  }
}

/* INFO: all sections, whichever is asked for. */
void cmd_info(Call *call) {
  char text[1024];
  size_t keys = table_count();
  int n = snprintf(text, sizeof text,
                   "# Server\r\nredis_version:%s\r\nredis_mode:standalone\r\nrun_id:%s\r\n"
                   "uptime_in_seconds:%lld\r\n\r\n# Clients\r\nconnected_clients:%zu\r\n\r\n"
                   "# Memory\r\nused_memory_dataset:%zu\r\n\r\n# Persistence\r\nloading:0\r\n"
                   "aof_enabled:%d\r\n\r\n# Stats\r\ntotal_connections_received:%llu\r\n"
                   "total_commands_processed:%llu\r\nexpired_keys:%llu\r\n\r\n# Keyspace\r\n",
                   VERSION, server.run_id, (long long)(server.now - server.started) / 1000,
                   server.clients, table_bytes(), aof_in_use(), (unsigned long long)server.connections,
                   (unsigned long long)server.commands, (unsigned long long)server.expired);
  if (keys) {
    snprintf(text + n, sizeof text - (size_t)n, "db0:keys=%zu,expires=%zu,avg_ttl=0\r\n", keys,
             table_expiring());
  }
  reply_text(call->out, text);
}

/* No reply: the end of the connection is the answer, as in Redis. */
void cmd_shutdown(Call *call) {
  call->close = true;
  server.stopping = true;
}
