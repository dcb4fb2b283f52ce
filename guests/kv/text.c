/* Numbers and words of the protocol. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "kv.h"

bool same_text(Bytes a, const char *lower) {
  for (size_t i = 0; i < a.len; i++) {
    if (tolower((unsigned char)a.at[i]) != (unsigned char)lower[i]) return false;
  }
  return lower[a.len] == 0;
}

/* No sign but '-', no spaces, no leading zeros, no "-0", nothing outside int64. */
bool parse_int(Bytes text, int64_t *value) {
  bool negative = text.len && text.at[0] == '-';
  size_t i = negative;
  size_t digits = text.len - i;
  if (digits < 1 || digits > 19) return false;
  if (text.at[i] == '0' && (digits > 1 || negative)) return false;
  uint64_t sum = 0;
  for (; i < text.len; i++) {
    if (!isdigit((unsigned char)text.at[i])) return false;
    sum = sum * 10 + (uint64_t)(text.at[i] - '0');
  }
  if (sum > (uint64_t)INT64_MAX + negative) return false;
  *value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
  return true;
}

size_t format_int(char out[24], int64_t value) {
  char digits[24];
  size_t n = 0, len = 0;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do digits[n++] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0) out[len++] = '-';
  while (n) out[len++] = digits[--n];
  return len;
}
