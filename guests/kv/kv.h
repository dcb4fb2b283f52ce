/* kv: a server that speaks the Redis protocol (RESP2 and RESP3), one thread, many clients by poll().
 *
 *   kv [DIR]    serves on the listening socket whose number is in REPLRT_LISTEN_FD; with DIR, every
 *               change goes to DIR/appendonly.aof before its reply leaves, and is read back at start
 *
 * One turn of the loop (main.c): poll, one reading of the clock, accept, read and execute, sweep,
 * write the append-only file, send the replies. All times are milliseconds of CLOCK_REALTIME. */
#ifndef KV_H
#define KV_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIB ((size_t)1 << 20)
#define BULK_MAX (16 * MIB)    /* one argument of a request */
#define REQUEST_MAX (64 * MIB) /* one whole request */
#define ARGS_MAX (1 << 20)     /* arguments of a request */
#define INLINE_MAX 65536       /* one line: an inline request, or the header of an array or bulk */
#define OUT_HIGH MIB           /* a client with more waiting to be sent executes nothing */
#define OUT_MAX (64 * MIB)     /* a client with more waiting to be sent is closed */

/* Bytes that belong to somebody else. */
typedef struct {
  const char *at;
  size_t len;
} Bytes;

/* A queue of bytes: added at the end, taken at the front; live are at[start .. end). */
typedef struct {
  char *at;
  size_t start, end, cap;
} Buf;

/* buf.c. Memory never runs out from a caller's view: the process says so and exits with 1. */
void *must_alloc(void *old, size_t size);
char *buf_room(Buf *b, size_t n); /* n writable bytes at the end; the caller moves `end` */
void buf_add(Buf *b, const void *from, size_t n);
void buf_take(Buf *b, size_t n);
void buf_free(Buf *b);
static inline size_t buf_len(const Buf *b) { return b->end - b->start; }

/* text.c */
bool same_text(Bytes a, const char *lower);      /* ignoring ASCII case */
bool parse_int(Bytes text, int64_t *value);      /* the whole text, as Redis writes integers */
size_t format_int(char out[24], int64_t value);  /* how many characters */

/* request.c, inline.c: a request arrives in pieces; `args` are offsets into the input until it is whole. */
typedef struct {
  size_t pos;    /* first byte not looked at yet */
  int64_t left;  /* arguments still to come, -1 between requests */
  int64_t bulk;  /* length of the argument under way, -1 at its header */
  size_t argc, cap;
  size_t *offsets;
  Bytes *argv;
} Request;
typedef enum { REQUEST_MORE, REQUEST_READY, REQUEST_BAD } RequestState;
void request_init(Request *r);
void request_free(Request *r);
void request_reset(Request *r, Buf *in); /* drops the bytes of a request that is done */
void request_arg(Request *r, size_t offset, size_t len);
/* READY: argc and argv are set (argc 0: an empty line) and hold until the next change of `in`.
 * BAD: `*why` is what Redis says after "Protocol error: ". */
RequestState request_parse(Request *r, Buf *in, const char **why);
/* Splits the line in[0 .. len), undoing quotes in place; false: the quotes don't match. */
bool inline_split(Request *r, char *in, size_t len);

/* reply.c. `resp` is 2 or 3: what the client asked for with HELLO. */
void reply_line(Buf *out, const char *line); /* with its first character: "+OK", "-ERR …" */
void reply_error(Buf *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void reply_int(Buf *out, int64_t value);
void reply_array(Buf *out, size_t count);
void reply_map(Buf *out, int resp, size_t pairs);
void reply_null(Buf *out, int resp);
void reply_bulk(Buf *out, Bytes bytes);
void reply_text(Buf *out, const char *text);

/* table.c: the keys, in a hash table with chains. */
typedef struct Entry {
  struct Entry *next;
  uint64_t hash;
  int64_t expires;    /* 0: never */
  size_t timer;       /* place among those that expire, if expires != 0 */
  size_t key_len, value_len;
  char *value;
  char key[];
} Entry;
void table_init(uint64_t seed);
size_t table_count(void);
size_t table_expiring(void);
size_t table_bytes(void);                       /* keys and values, without the table's own cost */
Entry *table_find(Bytes key);                   /* NULL: no such key */
Entry *table_put(Bytes key, Bytes value);       /* copies both; keeps the expiry of an old entry */
void table_remove(Entry *e);
void table_expire(Entry *e, int64_t at);        /* 0: never */
Entry *table_timer(size_t place);               /* one of those that expire, place < table_expiring() */
void table_clear(void);

/* aof.c: the append-only file, one request in RESP form for each change. */
bool aof_open(const char *dir); /* replays what is there; false: said on stderr why it can't be used */
void aof_add(size_t argc, const Bytes *argv);
bool aof_flush(void); /* false: the disk is full and replies must wait; other failures exit with 1 */
bool aof_in_use(void);

/* commands.c, strings.c, keys.c, admin.c */
typedef struct {
  size_t argc;
  const Bytes *argv;
  Buf *out;
  int resp;   /* 2 or 3; HELLO changes it */
  bool close; /* set by a command: the client is closed once it has its replies */
} Call;
void execute(Call *call);
void log_call(const Call *call); /* the call to the append-only file as it is */
Entry *live_find(Bytes key);     /* table_find, but an expired entry is removed first */
bool keys_sweep(void);           /* removes some expired entries; true: there may be many more */
typedef void Command(Call *call);
Command cmd_get, cmd_set, cmd_mget, cmd_mset, cmd_incr, cmd_decr, cmd_incrby;
Command cmd_del, cmd_exists, cmd_expire, cmd_pexpire, cmd_pexpireat, cmd_ttl, cmd_pttl, cmd_persist;
Command cmd_dbsize, cmd_flushall;
Command cmd_ping, cmd_echo, cmd_select, cmd_quit, cmd_hello, cmd_client, cmd_command, cmd_config;
Command cmd_info, cmd_shutdown;

/* client.c */
typedef struct Client {
  int fd, resp;
  bool eof;     /* it sends nothing more */
  bool last;    /* execute nothing more, close when `out` is sent */
  bool dead;    /* close now */
  bool pending; /* whole requests may wait in `in`, since it was blocked */
  Buf in, out;
  Request request;
} Client;
Client *client_new(int fd);
void client_free(Client *c);
bool client_blocked(const Client *c); /* its replies must leave before it is heard again */
void client_read(Client *c);          /* one recv */
void client_run(Client *c);           /* executes what is whole, until it is blocked */
void client_send(Client *c);          /* one send, if there is something */

/* What the commands know of the server. */
typedef struct {
  int64_t now, started;
  uint64_t commands, connections, expired;
  size_t clients;
  bool stopping;
  char run_id[41];
} Server;
extern Server server;

#endif
