/* Replies in RESP2 and RESP3. */
#include <stdio.h>
#include <string.h>

#include "kv.h"

void reply_line(Buf *out, const char *line) {
  buf_add(out, line, strlen(line));
  buf_add(out, "\r\n", 2);
}

/* Line breaks in the text would end the reply early, so they become spaces. */
void reply_error(Buf *out, const char *format, ...) {
  char line[512];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  for (char *c = line; *c; c++) {
    if (*c == '\r' || *c == '\n') *c = ' ';
  }
  buf_add(out, "-", 1);
  reply_line(out, line);
}

static void header(Buf *out, char kind, int64_t value) {
  char line[32] = {kind};
  size_t n = 1 + format_int(line + 1, value);
  line[n++] = '\r';
  line[n++] = '\n';
  buf_add(out, line, n);
}

void reply_int(Buf *out, int64_t value) { header(out, ':', value); }

void reply_array(Buf *out, size_t count) { header(out, '*', (int64_t)count); }

void reply_map(Buf *out, int resp, size_t pairs) {
  if (resp == 3) header(out, '%', (int64_t)pairs);
  else reply_array(out, 2 * pairs);
}

void reply_null(Buf *out, int resp) { reply_line(out, resp == 3 ? "_" : "$-1"); }

void reply_bulk(Buf *out, Bytes bytes) {
  header(out, '$', (int64_t)bytes.len);
  buf_add(out, bytes.at, bytes.len);
  buf_add(out, "\r\n", 2);
}

void reply_text(Buf *out, const char *text) { reply_bulk(out, (Bytes){text, strlen(text)}); }
