/* sqlite PATH: takes numbers from stdin, a line each. For each it makes the database at PATH anew, inserts so many rows in
 * transactions of 100, finds each by its key and every tenth by its name, changes every tenth, sums up, and answers with ns
 * a row on stdout. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sqlite3.h"

#define BATCH 100
#define TENTH 10

static sqlite3 *db;

static void stop(const char *what) {
  fprintf(stderr, "sqlite: cannot %s: %s\n", what, sqlite3_errmsg(db));
  exit(1);
}

static void run(const char *sql) {
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) stop(sql);
}

static sqlite3_stmt *prepare(const char *sql) {
  sqlite3_stmt *statement;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) stop(sql);
  return statement;
}

/* Runs a statement whose parameters are bound, and gives the first column of its last row. */
static int64_t step(sqlite3_stmt *statement) {
  int64_t value = 0;
  int code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) value = sqlite3_column_int64(statement, 0);
  if (code != SQLITE_DONE) stop(sqlite3_sql(statement));
  sqlite3_reset(statement);
  return value;
}

static void name_of(int i, char *name, int size) { snprintf(name, size, "name %08x", (uint32_t)i * 2654435761u); }

static void insert(int rows) {
  sqlite3_stmt *one = prepare("insert into things values (?1, ?2, ?3)");
  char name[32];
  for (int i = 0; i < rows; i++) {
    if (i % BATCH == 0) run("begin");
    name_of(i, name, sizeof name);
    sqlite3_bind_int(one, 1, i);
    sqlite3_bind_text(one, 2, name, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(one, 3, (int64_t)i * i);
    step(one);
    if (i % BATCH == BATCH - 1 || i == rows - 1) run("commit");
  }
  sqlite3_finalize(one);
}

static void look_up(int rows) {
  sqlite3_stmt *by_id = prepare("select value from things where id = ?1");
  sqlite3_stmt *by_name = prepare("select id from things where name = ?1");
  char name[32];
  for (int i = 0; i < rows; i++) {
    sqlite3_bind_int(by_id, 1, i);
    if (step(by_id) != (int64_t)i * i) stop("find what was inserted");
    if (i % TENTH != 0) continue;
    name_of(i, name, sizeof name);
    sqlite3_bind_text(by_name, 1, name, -1, SQLITE_TRANSIENT);
    if (step(by_name) != i) stop("find a name");
  }
  sqlite3_finalize(by_id);
  sqlite3_finalize(by_name);
}

static void change(int rows) {
  sqlite3_stmt *one = prepare("update things set value = value + 1 where id = ?1");
  run("begin");
  for (int i = 0; i < rows; i += TENTH) {
    sqlite3_bind_int(one, 1, i);
    step(one);
  }
  run("commit");
  sqlite3_finalize(one);
}

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Makes the database anew and does all there is to do with it; gives ns a row. */
static double load(const char *path, int rows) {
  remove(path);
  if (sqlite3_open(path, &db) != SQLITE_OK) stop("open the database");
  double start = now_ns();
  run("create table things (id integer primary key, name text, value integer)");
  run("create index names on things (name)");
  insert(rows);
  look_up(rows);
  change(rows);
  sqlite3_stmt *total = prepare("select sum(value) from things");
  if (step(total) == 0) stop("sum up");
  sqlite3_finalize(total);
  double ns = (now_ns() - start) / rows;
  sqlite3_close(db);
  return ns;
}

int main(int argc, char **argv) {
  char line[32];
  while (argc > 1 && fgets(line, sizeof line, stdin)) {
    printf("%.2f\n", load(argv[1], atoi(line)));
    fflush(stdout);
  }
  return 0;
}
