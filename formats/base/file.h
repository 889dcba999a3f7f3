/* Whole files: reading with a limit, writing all, replacing so that a crash leaves the old or the new. */
#ifndef FORMATS_BASE_FILE_H
#define FORMATS_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

/* Writes all bytes, over short writes and EINTR. `name` stands in the error. */
int write_all(int fd, const void *bytes, size_t length, const char *name, struct error *error);

/* Writes all bytes at `offset`. */
int pwrite_all(int fd, const void *bytes, size_t length, off_t offset, const char *name, struct error *error);

/* Reads from the descriptor's position to its end into `out` (appending). More than `limit` bytes is an
 * error. */
int read_all(int fd, size_t limit, struct buffer *out, const char *name, struct error *error);

/* Reads `length` bytes at `offset`, over short reads and EINTR. Returns how many there were (fewer only at
 * the file's end), or -1 with errno. */
ssize_t pread_all(int fd, void *bytes, size_t length, off_t offset);

/* 1 if the directory has no entries, 0 if it has, -1 with errno where it cannot be read. */
int directory_is_empty(int dirfd, const char *path);

/* Makes the directory with `mode` where it is missing, and those above it with `above`. */
int directory_make(const char *path, mode_t above, mode_t mode, struct error *error);

/* A hidden name that nobody has: ".urunc-0123456789abcdef.tmp"; the caller frees it. NULL on error. */
char *temporary_name(struct error *error);

/* Reads the regular file `path` whole, at most `limit` bytes; it is opened as open_regular does it. For paths
 * of the host: paths from an image go through beneath.h. */
int read_file(int dirfd, const char *path, size_t limit, struct buffer *out, struct error *error);

/*
 * A file in the making, in the directory in which it will stand, and invisible until it is committed: an
 * O_TMPFILE, or where the filesystem has none a hidden name that is removed by tempfile_free. Mode 0644
 * whatever the umask.
 */
struct tempfile {
    int fd;     /* read-write; owned */
    int dirfd;  /* owned duplicate */
    char *name; /* NULL for an O_TMPFILE */
};

#define TEMPFILE_NONE ((struct tempfile){.fd = -1, .dirfd = -1})

int tempfile_open(struct tempfile *file, int dirfd, const char *directory_for_errors, struct error *error);
/* fsync, then gives the file its name in the directory, replacing the regular file or symlink that stands
 * there (a device, pipe or socket is an error); the directory is synced too. The struct stays valid (the
 * descriptor stays open) until tempfile_free. */
int tempfile_commit(struct tempfile *file, const char *name, struct error *error);
void tempfile_free(struct tempfile *file);
#define cleanup_tempfile __attribute__((cleanup(tempfile_free)))

/* tempfile_open, write_all and tempfile_commit in one. */
int file_replace(int dirfd, const char *name, const void *bytes, size_t length, struct error *error);

#endif
