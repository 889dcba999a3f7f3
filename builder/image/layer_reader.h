/*
 * Reading a layer: blob -> decompression -> digest -> tar entries, streaming, in bounded memory.
 *
 * A blob is hashed before it is interpreted: layer_verify first. The reader hashes the tar again while it is
 * unpacked, so bytes that somebody changed between the two passes are found by layer_reader_finish, before
 * what was unpacked is used. Messages are without the layer's name, which the caller puts before them.
 */
#ifndef BUILDER_IMAGE_LAYER_READER_H
#define BUILDER_IMAGE_LAYER_READER_H

#include <archive.h>
#include <archive_entry.h>

#include "builder/image/source_image.h"

/* Compares the blob's bytes with its digest. Where only the diff ID is known (docker-archive), the blob is
 * decompressed and its content compared with that; no tar is parsed. */
int layer_verify(const struct source_layer *layer, struct error *error);

struct layer_reader;

/* `layer` is borrowed until the reader is freed. NULL on error. */
struct layer_reader *layer_reader_open(const struct source_layer *layer, struct error *error);

/* The next entry (borrowed until the next call): 1; 0 at the end; -1 on error. */
int layer_reader_next(struct layer_reader *reader, struct archive_entry **entry, struct error *error);

/* The current entry's next piece of data, which lies at *offset of the file (holes are skipped): 1; 0 at its
 * end. */
int layer_reader_data(struct layer_reader *reader, const void **bytes, size_t *length, int64_t *offset,
                      struct error *error);

/* Reads what is left behind the last entry and compares the diff ID. */
int layer_reader_finish(struct layer_reader *reader, struct error *error);

void layer_reader_free(struct layer_reader **reader);
#define cleanup_layer_reader __attribute__((cleanup(layer_reader_free)))

#endif
