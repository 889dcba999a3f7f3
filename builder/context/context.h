/*
 * The build context: a directory, opened once, out of which nothing leads.
 *
 * Every path is resolved beneath it by the kernel; a "..", an absolute symlink or any other that leaves it is
 * an error and not a way out. Scanning keeps metadata only; files are opened when they are read.
 */
#ifndef BUILDER_CONTEXT_CONTEXT_H
#define BUILDER_CONTEXT_CONTEXT_H

#include <stdint.h>
#include <sys/types.h>

#include "builder/context/files.h"
#include "builder/context/ignore.h"
#include "formats/base/buffer.h"
#include "formats/base/error.h"

struct context {
    struct files files; /* first: a context is a source of files */
    int fd;             /* O_PATH */
    char *path;         /* for messages */
    char *real_path;    /* as the kernel names the descriptor */
    struct ignore ignore;
    dev_t skipped_device; /* of context_skip; the number is 0 where there is none */
    ino_t skipped_number;
    int64_t time; /* seconds since 1970, for everything that is loaded */
    void *links;  /* inodes with several names, by device and number; since context_forget_links */
    struct strings *warnings; /* borrowed: lines for the user about what was left out */
};
#define CONTEXT_NONE ((struct context){.fd = -1})

/* Opens the directory. Contents that are loaded from it borrow its descriptor: close it after them. */
int context_open(struct context *context, const char *path, int64_t time, struct strings *warnings,
                 struct error *error);
void context_close(struct context *context);
#define cleanup_context __attribute__((cleanup(context_close)))

/*
 * Reads the ignore file, if there is one: SPEC.dockerignore, or else SPEC.containerignore, beside the spec,
 * whose path on the host `spec` is (NULL: it has none); else .containerignore, or else .dockerignore, in the
 * context. Each is a regular file. Errors in it have their location (FILE:LINE).
 */
int context_read_ignore(struct context *context, const char *spec, struct error *error);

/* Leaves out what stands at `path` (of the host), if anything does: the image that an earlier build wrote
 * into its own context must not get into the next one. */
void context_skip(struct context *context, const char *path);

/* Hard links are kept within one instruction; this ends it. */
void context_forget_links(struct context *context);

#endif
