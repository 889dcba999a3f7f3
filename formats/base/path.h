/* Paths as text: nothing here looks at a file system. */
#ifndef FORMATS_BASE_PATH_H
#define FORMATS_BASE_PATH_H

#include <stdbool.h>

/* The treatment of "..". */
enum path_dots {
    PATH_DOTS_POP,    /* it takes the name before it away, and stops at the root */
    PATH_DOTS_KEEP,   /* the same, but with no name before it, it stays */
    PATH_DOTS_REFUSE, /* there must be none */
};

/* "/a//./b/" becomes "a/b", "/" and "." become "". Without a slash in front; the caller frees it. NULL where
 * a ".." is refused. */
char *path_clean(const char *path, enum path_dots dots);

/* The text behind the last slash; part of `path`. */
const char *path_base(const char *path);

/* Splits "a/b//" into "a" and "b", "b" into "." and "b", "/b" into "/" and "b", "/" into "/" and "". The
 * caller frees both; either may be NULL where it is not wanted. */
void path_split(const char *path, char **directory, char **name);

/* "a" and "b" make "a/b", "/" and "b" make "/b", "" and "b" make "b". The caller frees it. */
char *path_join(const char *directory, const char *name);

/* True for "." and "..", which readdir(3) lists and no walk enters. */
bool path_is_dot(const char *name);

#endif
