/* Small files and directories. */
#ifndef RUNTIME_INIT_FILES_H
#define RUNTIME_INIT_FILES_H

#include <stddef.h>
#include <sys/types.h>

/* Reads at most `size` - 1 bytes and ends them with a NUL. Returns their number, or -1 with errno set. */
ssize_t read_text(const char *path, char *text, size_t size);

/* Reads a whole file; the caller frees it. NULL with errno set. A NUL stands behind the last byte. */
char *read_whole(const char *path, size_t *size);

/* Replaces what the file holds, 0644. 0, or -1 with errno set. */
int write_text(const char *path, const char *text);

/* Makes an empty file where none is, 0644, and the directories above it. A symlink that leads nowhere gives
 * way to it. 0, or -1 with errno set. */
int make_file(const char *path);

/* Makes the directory and those above it that are missing, 0755. 0, or -1 with errno set. */
int make_directories(const char *path);

#endif
