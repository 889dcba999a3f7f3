/* Finding and opening the file that a spec is read from. */
#ifndef BUILDER_SPEC_SPEC_FILE_H
#define BUILDER_SPEC_SPEC_FILE_H

#include "formats/base/error.h"

struct spec_file {
    int fd;
    char *name; /* in messages; owned */
    char *path; /* on the host: what may have an ignore file beside it; owned. NULL for a descriptor that the
                   caller passed. */
};
#define SPEC_FILE_NONE ((struct spec_file){.fd = -1})

/*
 * Opens the spec that the user named, or where `file` is NULL the context's own: Containerfile, or else
 * Dockerfile.
 *
 * "-" is standard input. /dev/stdin, /dev/fd/N and /proc/self/fd/N, which is what a shell makes of
 * "<(command)", are the descriptor itself, not a second opening of it, which could wait for ever. Any other
 * path is a regular file, and a FIFO, a device or a directory is an error: it is never opened.
 */
int spec_file_open(struct spec_file *spec, const char *file, const char *context, struct error *error);

void spec_file_close(struct spec_file *spec);
#define cleanup_spec_file __attribute__((cleanup(spec_file_close)))

#endif
