/* Prints what calls gave. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "wasi.h"

/* The spec's names of errors, by number. */
static const char *const NAMES[] = {
    "success", "2big", "acces", "addrinuse", "addrnotavail", "afnosupport", "again", "already", "badf", "badmsg",
    "busy", "canceled", "child", "connaborted", "connrefused", "connreset", "deadlk", "destaddrreq", "dom", "dquot",
    "exist", "fault", "fbig", "hostunreach", "idrm", "ilseq", "inprogress", "intr", "inval", "io",
    "isconn", "isdir", "loop", "mfile", "mlink", "msgsize", "multihop", "nametoolong", "netdown", "netreset",
    "netunreach", "nfile", "nobufs", "nodev", "noent", "noexec", "nolck", "nolink", "nomem", "nomsg",
    "noprotoopt", "nospc", "nosys", "notconn", "notdir", "notempty", "notrecoverable", "notsock", "notsup", "notty",
    "nxio", "overflow", "ownerdead", "perm", "pipe", "proto", "protonosupport", "prototype", "range", "rofs",
    "spipe", "srch", "stale", "timedout", "txtbsy", "xdev", "notcapable",
};

static const char *name_of(Errno e) {
  return e < sizeof NAMES / sizeof *NAMES ? NAMES[e] : "unknown errno";
}

static void print(int fd, const char *line, size_t size) {
  __wasi_ciovec_t all = {(const uint8_t *)line, size};
  __wasi_size_t written;
  if (__wasi_fd_write(fd, &all, 1, &written) != 0 || written != size) exit(2);
}

void say(const char *step, Errno e) {
  char line[256];
  print(1, line, (size_t)snprintf(line, sizeof line, "%s: %s\n", step, name_of(e)));
}

void sayf(const char *step, Errno e, const char *form, ...) {
  if (e != 0) {
    say(step, e);
    return;
  }
  char line[512];
  int at = snprintf(line, sizeof line, "%s: success ", step);
  va_list rest;
  va_start(rest, form);
  at += vsnprintf(line + at, sizeof line - (size_t)at - 1, form, rest);
  va_end(rest);
  line[at++] = '\n';
  print(1, line, (size_t)at);
}

void say_whether(const char *step, int holds) {
  char line[256];
  print(1, line, (size_t)snprintf(line, sizeof line, "%s: %s\n", step, holds ? "yes" : "no"));
}

void need(const char *step, Errno e) {
  if (e == 0) return;
  char line[256];
  print(2, line, (size_t)snprintf(line, sizeof line, "families: cannot %s: %s\n", step, name_of(e)));
  exit(1);
}

void say_stat(const char *step, Errno e, const __wasi_filestat_t *stat) {
  static const char *const types[] = {
      "unknown", "block device", "character device", "directory", "file", "datagram socket", "stream socket", "link",
  };
  if (e != 0) say(step, e);
  else if (stat->filetype == __WASI_FILETYPE_DIRECTORY) sayf(step, e, "%s", types[stat->filetype]);
  else sayf(step, e, "%s of %llu, %llu links", types[stat->filetype & 7], stat->size, stat->nlink);
}
