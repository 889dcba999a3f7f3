/* Layers: tar archives of a tree, compressed, with both digests from one pass (image-spec, layer.md). */
#ifndef FORMATS_ARCHIVE_LAYER_H
#define FORMATS_ARCHIVE_LAYER_H

#include "formats/stream/compress.h"
#include "formats/stream/digest.h"
#include "formats/stream/sink.h"
#include "formats/tree/tree.h"

struct layer_result {
    struct digest diff_id; /* of the tar, uncompressed */
    struct digest digest;  /* of the blob as written */
    uint64_t size;         /* of the blob, bytes */
};

/*
 * Writes the tree as a pax tar, compressed, to `sink` (finished by this), reading every file once and keeping
 * bounded memory. Paths without a leading slash, directories with one at their end, byte order; hard links
 * after their first name; xattrs as SCHILY.xattr records; the root directory itself has no entry unless
 * `with_root`. See tar.h.
 */
int layer_write(struct inode *root, enum compression compression, bool with_root, struct sink *sink,
                struct layer_result *result, struct error *error);

#endif
