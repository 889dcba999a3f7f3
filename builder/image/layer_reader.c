/* Three stages that pull from each other: the blob, a libarchive reader that only decompresses, and one that
 * only reads tar; the digest is taken between the last two. */
#include "builder/image/layer_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/stream/digest.h"

enum { CHUNK = 256 * 1024 };

struct layer_reader {
    const struct source_layer *layer;
    uint64_t position; /* in the blob */
    struct sink *tar_digest;
    struct digest diff_id;
    struct archive *decompressor;
    struct archive *tar;
    bool ended;         /* the decompressor has no more */
    struct error error; /* set by the callbacks: libarchive's own text says less */
    char chunk[CHUNK];
};

static la_ssize_t feed_decompressor(struct archive *archive, void *data, const void **bytes)
{
    struct layer_reader *self = data;
    ssize_t got = blob_read(&self->layer->blob, self->position, self->chunk, CHUNK, &self->error);
    if (got < 0) {
        archive_set_error(archive, EIO, "%s", "read");
        return -1;
    }
    self->position += (uint64_t)got;
    *bytes = self->chunk;
    return got;
}

/* A callback's error says more than libarchive's. */
static int failed(struct layer_reader *self, struct archive *archive, struct error *error)
{
    if (error_is_set(&self->error))
        return error == &self->error ? -1 : error_set(error, "%s", self->error.message);
    const char *text = archive_error_string(archive);
    return error_set(error, "not a readable layer: %s", text != NULL ? text : "cut off or broken");
}

/* The next piece of the tar; 0 at its end. */
static la_ssize_t read_tar_bytes(struct layer_reader *self, const void **bytes)
{
    size_t length = 0;
    la_int64_t offset;
    /* libarchive may not be asked again after its end. */
    int result =
        self->ended ? ARCHIVE_EOF : archive_read_data_block(self->decompressor, bytes, &length, &offset);
    self->ended = result == ARCHIVE_EOF;
    if (self->ended)
        return 0;
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
        failed(self, self->decompressor, &self->error);
        return -1;
    }
    return sink_write(self->tar_digest, *bytes, length, &self->error) < 0 ? -1 : (la_ssize_t)length;
}

static la_ssize_t feed_tar(struct archive *archive, void *data, const void **bytes)
{
    la_ssize_t got = read_tar_bytes(data, bytes);
    if (got < 0)
        archive_set_error(archive, EIO, "%s", "read");
    return got;
}

static int open_decompressor(struct layer_reader *self, struct error *error)
{
    struct archive *decompressor = self->decompressor;
    archive_read_support_filter_gzip(decompressor);
    archive_read_support_filter_zstd(decompressor);
    archive_read_support_format_raw(decompressor);
    archive_read_support_format_empty(decompressor);
    struct archive_entry *entry;
    if (archive_read_open(decompressor, self, NULL, feed_decompressor, NULL) != ARCHIVE_OK)
        return failed(self, decompressor, error);
    int result = archive_read_next_header(decompressor, &entry);
    if (result != ARCHIVE_OK && result != ARCHIVE_EOF)
        return failed(self, decompressor, error);
    self->ended = result == ARCHIVE_EOF;
    return 0;
}

/* The first two stages. */
static struct layer_reader *open_blob(const struct source_layer *layer, struct error *error)
{
    struct layer_reader *self = xcalloc(1, sizeof *self);
    self->layer = layer;
    self->tar_digest = digest_sink(NULL, &self->diff_id, NULL);
    self->decompressor = archive_read_new();
    if (open_decompressor(self, error) < 0)
        layer_reader_free(&self);
    return self;
}

struct layer_reader *layer_reader_open(const struct source_layer *layer, struct error *error)
{
    struct layer_reader *self = open_blob(layer, error);
    if (self == NULL)
        return NULL;
    self->tar = archive_read_new();
    archive_read_support_format_tar(self->tar);
    archive_read_support_format_empty(self->tar);
    if (archive_read_open(self->tar, self, NULL, feed_tar, NULL) != ARCHIVE_OK) {
        failed(self, self->tar, error);
        layer_reader_free(&self);
    }
    return self;
}

int layer_reader_next(struct layer_reader *reader, struct archive_entry **entry, struct error *error)
{
    int result = archive_read_next_header(reader->tar, entry);
    if (result == ARCHIVE_EOF)
        return 0;
    /* A warning is about a name that is not UTF-8, which Linux does not mind. */
    if (result == ARCHIVE_OK || result == ARCHIVE_WARN)
        return 1;
    return failed(reader, reader->tar, error);
}

int layer_reader_data(struct layer_reader *reader, const void **bytes, size_t *length, int64_t *offset,
                      struct error *error)
{
    la_int64_t at = 0;
    int result = archive_read_data_block(reader->tar, bytes, length, &at);
    *offset = at;
    if (result == ARCHIVE_EOF)
        return 0;
    if (result == ARCHIVE_OK || result == ARCHIVE_WARN)
        return 1;
    return failed(reader, reader->tar, error);
}

static int compare(const char *what, const struct digest *expected, const struct digest *found,
                   struct error *error)
{
    if (strcmp(expected->text, found->text) == 0)
        return 0;
    return error_set(error, "the %s is %s; it should be %s", what, found->text, expected->text);
}

int layer_reader_finish(struct layer_reader *reader, struct error *error)
{
    const void *bytes;
    la_ssize_t got;
    do
        got = read_tar_bytes(reader, &bytes);
    while (got > 0);
    if (got < 0 || sink_finish(reader->tar_digest, &reader->error) < 0)
        return failed(reader, reader->decompressor, error);
    return compare("diff ID", &reader->layer->diff_id, &reader->diff_id, error);
}

static int hash_blob(const struct blob *blob, struct digest *digest, struct error *error)
{
    cleanup_sink struct sink *sink = digest_sink(NULL, digest, NULL);
    cleanup_free char *chunk = xcalloc(1, CHUNK);
    for (uint64_t position = 0; position < blob->size;) {
        ssize_t got = blob_read(blob, position, chunk, CHUNK, error);
        if (got < 0 || sink_write(sink, chunk, (size_t)got, error) < 0)
            return -1;
        position += (uint64_t)got;
    }
    return sink_finish(sink, error);
}

int layer_verify(const struct source_layer *layer, struct error *error)
{
    if (layer->digest.text[0] == '\0') {
        cleanup_layer_reader struct layer_reader *reader = open_blob(layer, error);
        return reader != NULL ? layer_reader_finish(reader, error) : -1;
    }
    struct digest digest;
    if (hash_blob(&layer->blob, &digest, error) < 0)
        return -1;
    return compare("digest", &layer->digest, &digest, error);
}

void layer_reader_free(struct layer_reader **reader)
{
    struct layer_reader *self = *reader;
    *reader = NULL;
    if (self == NULL)
        return;
    archive_read_free(self->tar); /* NULL is fine */
    archive_read_free(self->decompressor);
    sink_free(&self->tar_digest);
    error_clear(&self->error);
    free(self);
}
