/* Requests as arrays of bulks (RESP) or as one line; any split of the bytes gives the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv.h"

void request_init(Request *r) { *r = (Request){.left = -1, .bulk = -1}; }

void request_free(Request *r) {
  free(r->offsets);
  free(r->argv);
  request_init(r);
}

void request_reset(Request *r, Buf *in) {
  buf_take(in, r->pos);
  if (r->cap > 1024) request_free(r);
  r->pos = r->argc = 0;
  r->left = r->bulk = -1;
}

void request_arg(Request *r, size_t offset, size_t len) {
  if (r->argc == r->cap) {
    r->cap = r->cap ? r->cap * 2 : 8;
    r->offsets = must_alloc(r->offsets, r->cap * sizeof *r->offsets);
    r->argv = must_alloc(r->argv, r->cap * sizeof *r->argv);
  }
  r->offsets[r->argc] = offset;
  r->argv[r->argc++].len = len;
}

static RequestState ready(Request *r, const Buf *in) {
  for (size_t i = 0; i < r->argc; i++) r->argv[i].at = in->at + in->start + r->offsets[i];
  return REQUEST_READY;
}

/* The line at pos, without its end, into `line`; MORE: it is not whole; BAD: it is too long. */
static RequestState take_line(Request *r, const Buf *in, Bytes *line) {
  const char *at = in->at + in->start + r->pos;
  size_t len = buf_len(in) - r->pos;
  const char *end = len ? memchr(at, '\n', len) : NULL;
  size_t used = end ? (size_t)(end - at) : len;
  if (used > INLINE_MAX) return REQUEST_BAD;
  if (!end) return REQUEST_MORE;
  r->pos += used + 1;
  *line = (Bytes){at, used && at[used - 1] == '\r' ? used - 1 : used};
  return REQUEST_READY;
}

static RequestState parse_inline(Request *r, Buf *in, const char **why) {
  Bytes line;
  RequestState state = take_line(r, in, &line);
  if (state == REQUEST_BAD) *why = "too big inline request";
  if (state != REQUEST_READY) return state;
  if (inline_split(r, in->at + in->start, line.len)) return ready(r, in);
  *why = "unbalanced quotes in request";
  return REQUEST_BAD;
}

static RequestState parse_count(Request *r, const Buf *in, const char **why) {
  Bytes line;
  int64_t count;
  RequestState state = take_line(r, in, &line);
  if (state == REQUEST_BAD) *why = "too big mbulk count string";
  if (state != REQUEST_READY) return state;
  if (!parse_int((Bytes){line.at + 1, line.len - 1}, &count) || count > ARGS_MAX) {
    *why = "invalid multibulk length";
    return REQUEST_BAD;
  }
  r->left = count > 0 ? count : 0;
  return REQUEST_READY;
}

static RequestState parse_bulk_length(Request *r, const Buf *in, const char **why) {
  static char expected[] = "expected '$', got ' '";
  Bytes line;
  RequestState state = take_line(r, in, &line);
  if (state == REQUEST_BAD) *why = "too big bulk count string";
  if (state != REQUEST_READY) return state;
  if (!line.len || line.at[0] != '$') {
    expected[sizeof expected - 3] = line.at[0];
    *why = expected;
    return REQUEST_BAD;
  }
  bool number = parse_int((Bytes){line.at + 1, line.len - 1}, &r->bulk);
  if (number && r->bulk >= 0 && r->bulk <= (int64_t)BULK_MAX) return REQUEST_READY;
  *why = "invalid bulk length";
  return REQUEST_BAD;
}

static RequestState parse_bulk(Request *r, const Buf *in, const char **why) {
  size_t len = (size_t)r->bulk;
  if (r->pos + len > REQUEST_MAX) {
    *why = "too big request";
    return REQUEST_BAD;
  }
  if (buf_len(in) - r->pos < len + 2) return REQUEST_MORE;
  if (memcmp(in->at + in->start + r->pos + len, "\r\n", 2) != 0) {
    *why = "expected CRLF after a bulk";
    return REQUEST_BAD;
  }
  request_arg(r, r->pos, len);
  r->pos += len + 2;
  r->bulk = -1;
  r->left--;
  return REQUEST_READY;
}

RequestState request_parse(Request *r, Buf *in, const char **why) {
  RequestState state = REQUEST_READY;
  if (r->left < 0) {
    if (!buf_len(in)) return REQUEST_MORE;
    if (in->at[in->start] != '*') return parse_inline(r, in, why);
    state = parse_count(r, in, why);
  }
  while (state == REQUEST_READY && r->left > 0) {
    if (r->bulk >= 0) state = parse_bulk(r, in, why);
    else if (r->pos == buf_len(in)) return REQUEST_MORE;
    else state = parse_bulk_length(r, in, why);
  }
  return state == REQUEST_READY ? ready(r, in) : state;
}
