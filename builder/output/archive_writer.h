/* A tar of a few members, as both archive outputs are: through libarchive, sorted, owner 0:0, time 0, so the
 * same content gives the same bytes. */
#ifndef BUILDER_OUTPUT_ARCHIVE_WRITER_H
#define BUILDER_OUTPUT_ARCHIVE_WRITER_H

#include "builder/output/output.h"

struct member {
    char *name;       /* owned; "blobs/" is a directory */
    const void *text; /* borrowed; NULL: the bytes come from fd */
    int fd;           /* borrowed; read from its beginning */
    uint64_t size;    /* bytes */
};

struct members {
    struct member *items;
    size_t count;
};

void members_add_text(struct members *members, const char *name, const char *text);
void members_add_file(struct members *members, const char *name, int fd, uint64_t size);
void members_add_directory(struct members *members, const char *name);
void members_free(struct members *members);
#define cleanup_members __attribute__((cleanup(members_free)))

/* For struct output: the directory of dest, or one for temporary files where dest is "-". */
int archive_blob_directory(const struct output_options *options, struct error *error);

/* Writes the members, sorted by name (a name that comes twice is written once), to `dest` atomically, or to
 * standard output. */
int archive_write_members(const char *dest, struct members *members, struct error *error);

#endif
