/* Inline requests: words on one line, with the quotes and escapes that redis-cli knows. */
#include <ctype.h>
#include <string.h>

#include "kv.h"

static int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = (char)tolower((unsigned char)c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The character of an escape in double quotes; *from stands on its first letter and moves behind it. */
static char unescape(const char **from, const char *end) {
  static const char names[] = "nrtba", values[] = "\n\r\t\b\a";
  const char *at = *from;
  if (*at == 'x' && end - at > 2 && hex(at[1]) >= 0 && hex(at[2]) >= 0) {
    *from = at + 3;
    return (char)(hex(at[1]) * 16 + hex(at[2]));
  }
  *from = at + 1;
  const char *name = *at ? strchr(names, *at) : NULL;
  return name ? values[name - names] : *at;
}

/* One quoted part, `from` behind its opening quote; NULL: no closing quote, or a letter follows it. */
static const char *quoted(const char *from, const char *end, char quote, char **to) {
  while (from < end && *from != quote) {
    bool escape = *from == '\\' && end - from > 1;
    if (escape && quote == '"') {
      from++;
      *(*to)++ = unescape(&from, end);
    } else {
      if (escape && from[1] == '\'') from++;
      *(*to)++ = *from++;
    }
  }
  if (from == end) return NULL;
  from++;
  return from == end || isspace((unsigned char)*from) ? from : NULL;
}

bool inline_split(Request *r, char *in, size_t len) {
  const char *from = in, *end = in + len;
  for (;;) {
    while (from < end && isspace((unsigned char)*from)) from++;
    if (from == end) return true;
    char *word = in + (from - in), *to = word;
    while (from < end && !isspace((unsigned char)*from)) {
      if (*from == '"' || *from == '\'') {
        char quote = *from;
        from = quoted(from + 1, end, quote, &to);
        if (!from) return false;
      } else {
        *to++ = *from++;
      }
    }
    request_arg(r, (size_t)(word - in), (size_t)(to - word));
  }
}
