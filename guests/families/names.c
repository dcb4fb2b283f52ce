/* Names: making and removing directories, renaming, unlinking, looking; what leaves the directory is refused. */
#include <string.h>
#include "wasi.h"

static void look(const char *step, int dir, const char *path) {
  __wasi_filestat_t stat;
  Errno e = __wasi_path_filestat_get(dir, 0, path, &stat);
  say_stat(step, e, &stat);
}

static void make(const char *step, int dir, const char *path) { say(step, __wasi_path_create_directory(dir, path)); }
static void clear(const char *step, int dir, const char *path) { say(step, __wasi_path_remove_directory(dir, path)); }
static void unlink(const char *step, int dir, const char *path) { say(step, __wasi_path_unlink_file(dir, path)); }

static void rename(const char *step, int from, const char *path, int to, const char *target) {
  say(step, __wasi_path_rename(from, path, to, target));
}

static void directories(int dir) {
  make("make", dir, "d");
  make("make again", dir, "d");
  make("make below", dir, "d/sub/");
  make("make below nothing", dir, "none/sub");
  make("make nothing", dir, "");
  look("look", dir, "d/sub");
  clear("remove what is full", dir, "d");
  clear("remove what is not there", dir, "none");
  clear("remove with a slash", dir, "d/sub/");
  look("look when it is gone", dir, "d/sub");
  let_go(made(dir, "f", "four"));
  make("make over a file", dir, "f");
  make("make below a file", dir, "f/d");
  clear("remove a file", dir, "f");
  unlink("unlink a file", dir, "f");
  unlink("unlink it again", dir, "f");
  unlink("unlink a directory", dir, "d");
}

static void renaming(int dir) {
  int d = directory(dir, "d");
  int open = made(dir, "old", "before");
  let_go(made(dir, "other", "other one"));
  rename("rename a file", dir, "old", dir, "new");
  look("look at its old name", dir, "old");
  look("look at its new name", dir, "new");
  wrote("write what was renamed", open, " and after");
  look("look at what was written", dir, "new");
  rename("rename over a file", dir, "other", dir, "new");
  look("look at what is there now", dir, "new");
  wrote("write what has no name", open, "!");
  let_go(open);
  rename("rename to another directory", dir, "new", d, "moved");
  look("look at it there", d, "moved");
  rename("rename to itself", d, "moved", dir, "d/moved");
  rename("rename what is not there", dir, "none", dir, "new");
  rename("rename to below nothing", d, "moved", dir, "none/new");
  let_go(d);
}

static void renaming_directories(int dir) {
  make("make one", dir, "one");
  make("make two", dir, "two");
  let_go(made(dir, "two/f", ""));
  let_go(made(dir, "f", "file"));
  rename("rename a directory over a full one", dir, "one", dir, "two");
  rename("rename a directory over an empty one", dir, "two", dir, "one");
  look("look below that", dir, "one/f");
  rename("rename a directory below itself", dir, "one", dir, "one/sub");
  rename("rename a directory over a file", dir, "one", dir, "f");
  rename("rename a file over a directory", dir, "f", dir, "one");
  clear("remove that full one", dir, "one");
}

static void refused(int dir) {
  make("make above", dir, "../out");
  make("make by an absolute path", dir, "/out");
  clear("remove above", dir, "..");
  unlink("unlink above", dir, "../../f");
  unlink("unlink by an absolute path", dir, "/etc/passwd");
  look("look above", dir, "../f");
  look("look by an absolute path", dir, "/");
  rename("rename from above", dir, "../f", dir, "in");
  rename("rename to above", dir, "f", dir, "../f");
  rename("rename to an absolute path", dir, "f", dir, "/f");
  static char longest[300];
  memset(longest, 'n', sizeof longest - 1);
  make("make too long a name", dir, longest);
  look("look at too long a name", dir, longest);
  look("look below what is not open", NOT_OPEN, "f");
  int file = made(dir, "file", "");
  look("look below a file's descriptor", file, "f");
  make("make below a file's descriptor", file, "d");
  let_go(file);
}

void names(const struct round *round) {
  directories(round->dir);
  renaming(round->dir);
  renaming_directories(round->dir);
  refused(round->dir);
}
