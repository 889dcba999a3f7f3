/* The metadata that directories get when an image is complete: until then a directory without write
 * permission must be written to, and each entry made in one changes its time. */
#ifndef BUILDER_BUNDLE_DIRECTORY_LOG_H
#define BUILDER_BUNDLE_DIRECTORY_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

struct directory_metadata {
    bool mentioned; /* by a layer; otherwise it was made on the way to an entry and stays as it is */
    mode_t mode;
    struct timespec mtime;
};

struct directory_record {
    ino_t inode;
    size_t sequence;
    struct directory_metadata metadata;
};

/* Zeroed is empty. Directories are known by their inode number: paths may lead through symlinks that change.
 * Each directory that is made is recorded, since a number comes again when its directory was removed. */
struct directory_log {
    struct directory_record *records;
    size_t count;
    size_t capacity;
};

void directory_log_add(struct directory_log *log, ino_t inode, const struct directory_metadata *metadata);

/* Keeps the last record of each inode, sorted; after this nothing is added. */
void directory_log_finish(struct directory_log *log);

/* NULL where a layer does not mention the directory. Only after directory_log_finish. */
const struct directory_metadata *directory_log_find(const struct directory_log *log, ino_t inode);

void directory_log_free(struct directory_log *log);

#endif
