/*
 * Reading a layer: blob -> digest -> decompression -> digest -> tar entries, streaming, in bounded memory.
 *
 * What was read is only known to be genuine when layer_reader_finish has returned 0.
 */
#ifndef BUILDER_IMAGE_LAYER_READER_H
#define BUILDER_IMAGE_LAYER_READER_H

#include <archive.h>
#include <archive_entry.h>

#include "builder/image/source_image.h"

struct layer_reader;

/* `layer` is borrowed until the reader is freed. NULL on error. */
struct layer_reader *layer_reader_open(const struct source_layer *layer, struct error *error);

/* The next entry (borrowed until the next call): 1; 0 at the end; -1 on error. */
int layer_reader_next(struct layer_reader *reader, struct archive_entry **entry, struct error *error);

/* The current entry's next piece of data, which lies at *offset of the file (holes are skipped): 1; 0 at its
 * end. */
int layer_reader_data(struct layer_reader *reader, const void **bytes, size_t *length, int64_t *offset,
                      struct error *error);

/* Reads what is left behind the last entry and compares both digests. */
int layer_reader_finish(struct layer_reader *reader, struct error *error);

void layer_reader_free(struct layer_reader **reader);
#define cleanup_layer_reader __attribute__((cleanup(layer_reader_free)))

#endif
