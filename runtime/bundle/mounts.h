/* config.json: mounts (runtime-spec, config.md, "Mounts"). What becomes of each is mount_way.h's to say. */
#ifndef RUNTIME_BUNDLE_MOUNTS_H
#define RUNTIME_BUNDLE_MOUNTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "formats/base/error.h"

enum { BUNDLE_MOUNTS_MAX = 1024 };

struct bundle_mount {
    char *destination; /* absolute, without ".", ".." or doubled slashes; owned */
    const char *type;  /* "bind", "tmpfs", ...; "" where the bundle has none; the JSON's */
    char *source;      /* absolute where it is bound; owned; or NULL */
    char *options;     /* those that are the file system's own, joined by commas: "size=64m,mode=1777"; owned;
                          or NULL */
    bool bind;
    bool recursive; /* with what is mounted below the source */
    bool readonly;
    bool noexec;
    bool id_mapped; /* owners as they are on the source's file system */
    /* The source of a bind mount, by bundle_mounts_open. */
    int fd; /* O_PATH; -1: none; owned */
    struct stat status;
};

struct bundle_mounts {
    struct bundle_mount *items; /* in the bundle's order: a later one hides what an earlier one put there */
    size_t count;
};

/* Reads and checks the array; the JSON must outlive the mounts. `bundle` is the bundle's path, which a
 * relative source is taken under; `file` stands in errors. */
int bundle_mounts_read(const json_t *config, const char *bundle, const char *file,
                       struct bundle_mounts *mounts, struct error *error);

/* Opens the sources of the bind mounts, which does nothing to them. From here on what was opened is what the
 * guest gets. A source that is missing is an error. */
int bundle_mounts_open(struct bundle_mounts *mounts, struct error *error);

/* Closes them again. */
void bundle_mounts_close(struct bundle_mounts *mounts);
void bundle_mounts_free(struct bundle_mounts *mounts);

/* The mount at that destination that is seen there, which is the last one; NULL: none. */
const struct bundle_mount *bundle_mounts_find(const struct bundle_mounts *mounts, const char *destination);

#endif
