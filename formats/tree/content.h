/* The bytes of a regular file in a tree: in memory, behind a descriptor, or still in the build context. */
#ifndef FORMATS_TREE_CONTENT_H
#define FORMATS_TREE_CONTENT_H

#include <stddef.h>
#include <stdint.h>

#include "formats/base/error.h"
#include "formats/stream/sink.h"

/* Counted by reference: contents are shared between a stage's tree and its layers. Not thread-safe. */
struct content;

/* Copies the bytes. */
struct content *content_of_memory(const void *bytes, size_t length);

/* Takes the descriptor over (a regular file, readable); `name` stands in errors. Size is what fstat says now.
 * NULL on error; the descriptor is closed then. */
struct content *content_of_fd(int fd, const char *name, struct error *error);

/*
 * A regular file beneath a root (a build context), opened only when it is read, so that a tree of any size
 * needs no descriptors. `rootfd` is borrowed and must outlive the content. Size, device, inode and times are
 * remembered from `path` as it is now; when the file is opened later and differs, reading fails ("changed
 * while it was being read").
 */
struct content *content_of_path(int rootfd, const char *path, struct error *error);

struct content *content_ref(struct content *content);
void content_unref(struct content *content); /* NULL is fine */

/* Bytes. */
uint64_t content_size(const struct content *content);

/* A new descriptor at offset 0 that the caller owns: always a seekable regular file (or memfd), read-only
 * use. */
int content_open(const struct content *content, struct error *error);

/* Reads exactly `length` bytes at `offset` from what content_open returned; a file that ends before was
 * changed, and that is the error. */
int content_read(const struct content *content, int fd, void *bytes, size_t length, uint64_t offset,
                 struct error *error);

/* The bytes themselves where they are in memory (content_size of them, borrowed), else NULL. */
const void *content_memory(const struct content *content);

/* After reading through content_open: 0 where the file still is what it was when the content was made, else
 * an error ("changed while it was being
 * read"). `fd` is what content_open returned. */
int content_unchanged(const struct content *content, int fd, struct error *error);

/* Writes exactly content_size bytes; a file that turns out longer or shorter, or changes meanwhile, is an
 * error. */
int content_write_to(const struct content *content, struct sink *sink, struct error *error);

/* The name of the file, for messages. Borrowed. */
const char *content_name(const struct content *content);

#endif
