/* What the families share: a round's place, printing what a call gave, and the calls that many of them make. */
#ifndef FAMILIES_WASI_H
#define FAMILIES_WASI_H

#include <stddef.h>
#include <stdint.h>
#include <wasi/api.h>

typedef __wasi_errno_t Errno;
typedef __wasi_rights_t Rights;

/* Where one round of a family works. */
struct round {
  int number;           /* from 1 on */
  int dir;              /* an empty directory of its own; NOT_OPEN for a family that needs none */
  const char *argument; /* the program's third argument, or "" */
};

/* A family: one round of its steps. */
typedef void family(const struct round *round);
family args, clocks, randomness, io, listing, descriptors, rights, opening, names, links, times, polls, deadlines, sockets,
    ending;

/* A descriptor that nobody has. */
#define NOT_OPEN 99

#define TO_READ (__WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_TELL | \
                 __WASI_RIGHTS_FD_FILESTAT_GET | __WASI_RIGHTS_POLL_FD_READWRITE)
#define TO_WRITE (__WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_TELL | \
                  __WASI_RIGHTS_FD_FILESTAT_GET | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE)
#define TO_DO_ALL (TO_READ | TO_WRITE | __WASI_RIGHTS_FD_DATASYNC | __WASI_RIGHTS_FD_SYNC | __WASI_RIGHTS_FD_ADVISE | \
                   __WASI_RIGHTS_FD_ALLOCATE | __WASI_RIGHTS_FD_FDSTAT_SET_FLAGS | __WASI_RIGHTS_FD_FILESTAT_SET_TIMES)

/* Prints "STEP: ERRNO" by its name in the spec; a line always leaves in one write. */
void say(const char *step, Errno e);
/* Prints the same, and after a success what FORM makes of the rest. */
void sayf(const char *step, Errno e, const char *form, ...) __attribute__((format(printf, 3, 4)));
/* Prints "STEP: yes" or "STEP: no". */
void say_whether(const char *step, int holds);
/* Ends the program with 1 and "cannot STEP: ERRNO" on stderr unless E is success: for what is no step of its own. */
void need(const char *step, Errno e);

/* Opens PATH without following links and says how that went; gives NOT_OPEN where it failed. */
int opened(const char *step, int dir, const char *path, int oflags, Rights rights);
/* As opened, for a new file that may do everything; not a step. */
int made(int dir, const char *path, const char *contents);
/* A directory below DIR, to be read and to open files beneath; not a step. */
int directory(int dir, const char *path);
/* Closes FD; not a step. */
void let_go(int fd);
/* Writes TEXT at the offset and says how many bytes went. */
void wrote(const char *step, int fd, const char *text);
/* Reads up to SIZE bytes, 100 at most, at the offset, and says how many came and what they are; a NUL as a dot. */
void has_read(const char *step, int fd, size_t size);
/* Says a filestat: type, size and number of links. */
void say_stat(const char *step, Errno e, const __wasi_filestat_t *stat);

#endif
