/* The keys: a hash table with chains, doubled when it is full; entries that expire also stand in
 * one dense array, so that a sweep looks at nothing else. */
#include <stdlib.h>
#include <string.h>

#include "kv.h"

static struct {
  uint64_t seed;
  Entry **chains, **timers;
  size_t size, count, bytes; /* size: a power of two */
  size_t timers_count, timers_cap;
} table;

size_t table_count(void) { return table.count; }

size_t table_expiring(void) { return table.timers_count; }

size_t table_bytes(void) { return table.bytes; }

Entry *table_timer(size_t place) { return table.timers[place]; }

static uint64_t hash_of(Bytes key) {
  uint64_t hash = table.seed;
  for (size_t i = 0; i < key.len; i++) {
    hash = (hash ^ (unsigned char)key.at[i]) * 0x100000001b3;
  }
  return hash ^ hash >> 32;
}

static void resize(size_t size) {
  Entry **chains = must_alloc(NULL, size * sizeof *chains);
  memset(chains, 0, size * sizeof *chains);
  for (size_t i = 0; i < table.size; i++) {
    for (Entry *e = table.chains[i], *next; e; e = next) {
      next = e->next;
      e->next = chains[e->hash & (size - 1)];
      chains[e->hash & (size - 1)] = e;
    }
  }
  free(table.chains);
  table.chains = chains;
  table.size = size;
}

void table_init(uint64_t seed) {
  table.seed = seed;
  resize(1024);
}

static Entry **link_of(uint64_t hash, Bytes key) {
  Entry **link = &table.chains[hash & (table.size - 1)];
  for (; *link; link = &(*link)->next) {
    Entry *e = *link;
    if (e->hash == hash && e->key_len == key.len && !memcmp(e->key, key.at, key.len)) break;
  }
  return link;
}

Entry *table_find(Bytes key) { return *link_of(hash_of(key), key); }

static Entry *insert(uint64_t hash, Bytes key) {
  if (table.count == table.size) resize(table.size * 2);
  Entry **chain = &table.chains[hash & (table.size - 1)];
  Entry *e = must_alloc(NULL, sizeof *e + key.len);
  *e = (Entry){.next = *chain, .hash = hash, .key_len = key.len};
  memcpy(e->key, key.at, key.len);
  *chain = e;
  table.count++;
  table.bytes += key.len;
  return e;
}

Entry *table_put(Bytes key, Bytes value) {
  uint64_t hash = hash_of(key);
  Entry *e = *link_of(hash, key);
  if (!e) e = insert(hash, key);
  if (!e->value || e->value_len != value.len) e->value = must_alloc(e->value, value.len);
  memcpy(e->value, value.at, value.len);
  table.bytes += value.len - e->value_len;
  e->value_len = value.len;
  return e;
}

void table_expire(Entry *e, int64_t at) {
  if (e->expires && !at) {
    Entry *last = table.timers[--table.timers_count];
    table.timers[e->timer] = last;
    last->timer = e->timer;
  } else if (!e->expires && at) {
    if (table.timers_count == table.timers_cap) {
      table.timers_cap = table.timers_cap ? table.timers_cap * 2 : 64;
      table.timers = must_alloc(table.timers, table.timers_cap * sizeof *table.timers);
    }
    e->timer = table.timers_count;
    table.timers[table.timers_count++] = e;
  }
  e->expires = at;
}

static void release(Entry *e) {
  free(e->value);
  free(e);
}

void table_remove(Entry *e) {
  table_expire(e, 0);
  *link_of(e->hash, (Bytes){e->key, e->key_len}) = e->next;
  table.count--;
  table.bytes -= e->key_len + e->value_len;
  release(e);
}

void table_clear(void) {
  for (size_t i = 0; i < table.size; i++) {
    for (Entry *e = table.chains[i], *next; e; e = next) {
      next = e->next;
      release(e);
    }
    table.chains[i] = NULL;
  }
  table.count = table.bytes = table.timers_count = 0;
}
