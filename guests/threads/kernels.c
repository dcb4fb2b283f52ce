/* kernels -: real code of one thread (for bench/): takes orders `NAME N` from stdin, a line each, until its end, does what
 * NAME says N times, and answers with ns of the clock for each on stdout. The shortest loops: generate, total, count; the
 * rest: sort, quick, hash, matrix, search, interpret, tree, digest, compress, distance, mandelbrot. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "thread.h"

#define WORDS 32768
#define TEXT 65536

static uint32_t words[WORDS], sorted[WORDS];
static char text[TEXT + 1];

static uint32_t next_random(void) {
  static uint32_t x = 1;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return x;
}

/* Words of a few syllables and random numbers. */
static void fill(void) {
  static const char *syllables[] = {"ta", "ro", "min", "el", "su", "ka", "ne", "do", " ", ", ", ". "};
  for (int i = 0; i < WORDS; i++) words[i] = next_random();
  for (int at = 0; at < TEXT - 4;) {
    const char *syllable = syllables[next_random() % 11];
    memcpy(text + at, syllable, strlen(syllable));
    at += (int)strlen(syllable);
  }
}

static uint64_t generate(void) {
  uint64_t x = 1, sum = 0;
  for (int i = 0; i < 1000000; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    sum = (sum ^ x) * 0x9e3779b97f4a7c15;
  }
  return sum;
}

static uint64_t total(void) {
  uint64_t sum = 0;
  for (int round = 0; round < 32; round++) {
    for (int i = 0; i < WORDS; i++) sum += words[i] ^ (uint32_t)round;
  }
  return sum;
}

static uint64_t count(void) {
  uint64_t found = 0;
  for (char c = 'a'; c < 'q'; c++) {
    for (const char *p = text; *p; p++) found += *p == c;
  }
  return found;
}

static int compare(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* libc's, which calls back. */
static uint64_t sort(void) {
  memcpy(sorted, words, sizeof words);
  qsort(sorted, WORDS / 4, sizeof *sorted, compare);
  return sorted[WORDS / 8];
}

static void quick_sort(uint32_t *from, uint32_t *to) {
  if (to - from < 2) return;
  uint32_t middle = from[(to - from) / 2], *low = from, *high = to - 1;
  while (low <= high) {
    while (*low < middle) low++;
    while (*high > middle) high--;
    if (low > high) break;
    uint32_t swapped = *low;
    *low++ = *high;
    *high-- = swapped;
  }
  quick_sort(from, high + 1);
  quick_sort(low, to);
}

static uint64_t quick(void) {
  memcpy(sorted, words, sizeof words);
  quick_sort(sorted, sorted + WORDS);
  return sorted[WORDS / 2];
}

/* How often each word of the text occurs, in a table with open addresses. */
static uint64_t hash(void) {
  static struct {
    const char *word;
    int length, times;
  } table[TEXT / 2];
  memset(table, 0, sizeof table);
  uint64_t most = 0;
  for (const char *p = text; *p;) {
    uint32_t key = 0x811c9dc5;
    const char *word = p;
    for (; *p >= 'a'; p++) key = (key ^ (uint8_t)*p) * 0x01000193;
    int length = (int)(p - word);
    uint32_t at = key % (TEXT / 2);
    while (table[at].word && (table[at].length != length || memcmp(table[at].word, word, (size_t)length) != 0)) {
      at = (at + 1) % (TEXT / 2);
    }
    table[at].word = word;
    table[at].length = length;
    if (length > 0 && (uint64_t)++table[at].times > most) most = (uint64_t)table[at].times;
    while (*p && *p < 'a') p++;
  }
  return most;
}

static uint64_t matrix(void) {
  enum { SIDE = 96 };
  static double a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];
  for (int i = 0; i < SIDE * SIDE; i++) a[0][i] = words[i] & 0xff, b[0][i] = words[i] >> 24;
  for (int i = 0; i < SIDE; i++) {
    for (int j = 0; j < SIDE; j++) {
      double sum = 0;
      for (int k = 0; k < SIDE; k++) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
  }
  return (uint64_t)c[SIDE / 2][SIDE / 3];
}

/* Horspool's. */
static uint64_t search(void) {
  static const char *patterns[] = {"taromin", "elsu", "kanedo, ro", "dodododo", "minminminmin"};
  uint64_t found = 0;
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    const char *pattern = patterns[i];
    int length = (int)strlen(pattern), skip[256];
    for (int c = 0; c < 256; c++) skip[c] = length;
    for (int j = 0; j < length - 1; j++) skip[(uint8_t)pattern[j]] = length - 1 - j;
    for (int at = 0; at + length <= TEXT; at += skip[(uint8_t)text[at + length - 1]]) {
      int j = length - 1;
      while (j >= 0 && text[at + j] == pattern[j]) j--;
      found += j < 0;
    }
  }
  return found;
}

/* Counts primes, as a program of a machine with registers. */
static uint64_t interpret(void) {
  enum { SET, ADD, MUL, MOD, JUMP_IF, LESS, HALT };
  typedef struct {
    uint8_t code, to, a, b;
  } Step;
  static const Step program[] = {
      {SET, 0, 2, 0},  {SET, 5, 1, 0},      {SET, 6, 250, 0},    {SET, 7, 8, 0},      {MUL, 6, 6, 7},
      {SET, 1, 2, 0},  {MUL, 2, 1, 1},      {LESS, 3, 0, 2},     {JUMP_IF, 13, 3, 0}, {MOD, 4, 0, 1},
      {ADD, 1, 1, 5},  {JUMP_IF, 6, 4, 0},  {JUMP_IF, 14, 5, 0}, {ADD, 8, 8, 5},      {ADD, 0, 0, 5},
      {LESS, 3, 0, 6}, {JUMP_IF, 5, 3, 0},  {HALT, 0, 0, 0},
  };
  uint32_t r[16] = {0};
  for (const Step *at = program;; at++) {
    switch (at->code) {
      case SET: r[at->to] = at->a; break;
      case ADD: r[at->to] = r[at->a] + r[at->b]; break;
      case MUL: r[at->to] = r[at->a] * r[at->b]; break;
      case MOD: r[at->to] = r[at->a] % r[at->b]; break;
      case LESS: r[at->to] = r[at->a] < r[at->b]; break;
      case JUMP_IF:
        if (r[at->a]) at = program + at->to - 1;
        break;
      default: return r[8];
    }
  }
}

typedef struct Node {
  uint32_t key;
  struct Node *left, *right;
} Node;

static Node *insert(Node *tree, Node *node) {
  if (!tree) return node;
  if (node->key < tree->key) tree->left = insert(tree->left, node);
  else tree->right = insert(tree->right, node);
  return tree;
}

static uint64_t depths(const Node *tree, int depth) {
  return tree ? (uint64_t)depth + depths(tree->left, depth + 1) + depths(tree->right, depth + 1) : 0;
}

static uint64_t tree(void) {
  static Node nodes[WORDS / 4];
  Node *root = NULL;
  for (int i = 0; i < WORDS / 4; i++) {
    nodes[i] = (Node){words[i], NULL, NULL};
    root = insert(root, &nodes[i]);
  }
  uint64_t sum = 0;
  for (int i = 0; i < 8; i++) sum += depths(root, i);
  return sum;
}

static uint32_t rotated(uint32_t x, int bits) { return x >> bits | x << (32 - bits); }

/* The rounds of SHA-256, with numbers of our own. */
static uint64_t digest(void) {
  uint32_t h[8] = {1, 2, 3, 4, 5, 6, 7, 8}, w[64];
  for (int block = 0; block + 64 <= TEXT; block += 64) {
    memcpy(w, text + block, 64);
    for (int i = 16; i < 64; i++) {
      uint32_t a = w[i - 15], b = w[i - 2];
      w[i] = w[i - 16] + w[i - 7] + (rotated(a, 7) ^ rotated(a, 18) ^ a >> 3) + (rotated(b, 17) ^ rotated(b, 19) ^ b >> 10);
    }
    uint32_t s[8];
    memcpy(s, h, sizeof s);
    for (int i = 0; i < 64; i++) {
      uint32_t e = s[4], a = s[0];
      uint32_t one = s[7] + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & s[5]) ^ (~e & s[6])) + words[i] + w[i];
      uint32_t two = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
      memmove(s + 1, s, 7 * sizeof *s);
      s[4] += one;
      s[0] = one + two;
    }
    for (int i = 0; i < 8; i++) h[i] += s[i];
  }
  return h[0];
}

/* Repetitions in the text, found by the last place of each three bytes; gives how much is left. */
static uint64_t compress(void) {
  static int last[4096];
  uint64_t left = 0;
  memset(last, -1, sizeof last);
  for (int at = 0; at + 3 < TEXT;) {
    uint32_t three = (uint8_t)text[at] | (uint32_t)(uint8_t)text[at + 1] << 8 | (uint32_t)(uint8_t)text[at + 2] << 16;
    int *place = &last[three * 0x9e3779b1 >> 20], from = *place, length = 0;
    *place = at;
    if (from >= 0) {
      while (length < 255 && at + length < TEXT && text[from + length] == text[at + length]) length++;
    }
    left += length < 4 ? 1 : 3;
    at += length < 4 ? 1 : length;
  }
  return left;
}

/* How many letters have to be changed to make one text of another. */
static uint64_t distance(void) {
  enum { LETTERS = 1000 };
  static int row[LETTERS + 1];
  for (int j = 0; j <= LETTERS; j++) row[j] = j;
  for (int i = 1; i <= LETTERS; i++) {
    int corner = row[0];
    row[0] = i;
    for (int j = 1; j <= LETTERS; j++) {
      int change = corner + (text[i] != text[TEXT / 2 + j]);
      int least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
      corner = row[j];
      row[j] = change < least ? change : least;
    }
  }
  return (uint64_t)row[LETTERS];
}

static uint64_t mandelbrot(void) {
  uint64_t steps = 0;
  for (int pixel = 0; pixel < 128 * 128; pixel++) {
    double cx = (pixel % 128) / 64.0 - 1.5, cy = pixel / 128 / 64.0 - 1, x = 0, y = 0;
    for (int i = 0; i < 100 && x * x + y * y < 4; i++, steps++) {
      double next = x * x - y * y + cx;
      y = 2 * x * y + cy;
      x = next;
    }
  }
  return steps;
}

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

typedef uint64_t Kernel(void);

static Kernel *kernel_of(const char *name) {
  static const struct {
    const char *name;
    Kernel *kernel;
  } kernels[] = {
      {"generate", generate}, {"total", total},         {"count", count},   {"sort", sort},         {"quick", quick},
      {"hash", hash},         {"matrix", matrix},       {"search", search}, {"interpret", interpret}, {"tree", tree},
      {"digest", digest},     {"compress", compress},   {"distance", distance}, {"mandelbrot", mandelbrot},
  };
  for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
    if (strcmp(name, kernels[i].name) == 0) return kernels[i].kernel;
  }
  fail("kernels: cannot do %s: there is no such kernel", name);
}

int main(void) {
  static Input in;
  static volatile uint64_t sink;
  char line[LINE + 1], name[16];
  fill();
  while (next_line(&in, line)) {
    int n;
    if (sscanf(line, "%15s %d", name, &n) < 2 || n < 1) fail("kernels: cannot take the order %s", line);
    Kernel *kernel = kernel_of(name);
    int64_t start = now_ns();
    for (int i = 0; i < n; i++) sink += kernel();
    say("%lld", (now_ns() - start) / n);
  }
  return 0;
}
