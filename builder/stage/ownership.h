/* Owners by name or number, and what COPY --chown and --chmod change. */
#ifndef BUILDER_STAGE_OWNERSHIP_H
#define BUILDER_STAGE_OWNERSHIP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "formats/tree/inode_map.h"
#include "formats/tree/tree.h"

struct owner {
    uint32_t uid;
    uint32_t gid;
};

/* Parses "user[:group]": numbers, or names that the stage's /etc/passwd and /etc/group hold. A user's name
 * alone takes that user's group; a number alone is the group too (as in Docker). */
int owner_parse(struct inode *root, const char *text, struct owner *owner, struct error *error);

/* References to an inode and to its changed copy: the first keeps its address from being used again. */
struct changed_inode {
    struct inode *original;
    struct inode *copy;
};

struct ownership {
    bool set_owner;
    uint32_t uid;
    uint32_t gid;
    bool set_mode;
    mode_t mode;                   /* permission bits only */
    struct changed_inode *changed; /* what was changed so far, so that hard links stay links */
    size_t changed_count;
    struct inode_map *numbers; /* from an original to its number in `changed`, counting from 1 */
};

void ownership_free(struct ownership *ownership);
#define cleanup_ownership __attribute__((cleanup(ownership_free)))

/* The same for --chown, which the error names. */
int ownership_parse_owner(struct inode *root, const char *text, struct ownership *ownership,
                          struct error *error);

/* Parses an octal mode of at most four digits. */
int ownership_parse_mode(const char *text, struct ownership *ownership, struct error *error);

/* Applies it to a file, or to a directory and all below it. Files, which may be shared with other trees, are
 * replaced by changed copies: returns the inode to use, a new reference; the one that came is released. Modes
 * of symlinks stay. */
struct inode *ownership_apply(struct ownership *ownership, struct inode *inode);

#endif
