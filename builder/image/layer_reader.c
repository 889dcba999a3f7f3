/* Reading a layer. Three stages that pull from each other: the blob, a libarchive reader that only
 * decompresses, and one that only reads tar; the digests are taken between them. */
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
    struct sink *blob_digest;
    struct sink *tar_digest; /* NULL where the blob is not compressed: both digests are the same */
    struct digest digest;
    struct digest diff_id;
    struct archive *decompressor;
    struct archive *tar;
    bool ended;         /* the decompressor has no more */
    struct error error; /* set by the callbacks: libarchive's own text says less */
    char chunk[CHUNK];
};

static int read_blob(struct layer_reader *self, const void **bytes)
{
    ssize_t got =
        blob_read(&self->layer->blob, self->position, self->chunk, CHUNK, self->layer->name, &self->error);
    if (got < 0)
        return -1;
    self->position += (uint64_t)got;
    *bytes = self->chunk;
    return sink_write(self->blob_digest, self->chunk, (size_t)got, &self->error) < 0 ? -1 : (int)got;
}

static la_ssize_t feed_decompressor(struct archive *archive, void *data, const void **bytes)
{
    int got = read_blob(data, bytes);
    if (got < 0)
        archive_set_error(archive, EIO, "%s", "read");
    return got;
}

/* The layer's name and what is wrong with it; what a callback found out says more. */
static int failed(struct layer_reader *self, struct archive *archive, struct error *error)
{
    if (error_is_set(&self->error))
        return error == &self->error ? -1 : error_set(error, "%s", self->error.message);
    const char *text = archive_error_string(archive);
    return error_set(error, "%s: not a readable layer: %s", self->layer->name,
                     text != NULL ? text : "cut off or broken");
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
    if (self->tar_digest != NULL && sink_write(self->tar_digest, *bytes, length, &self->error) < 0)
        return -1;
    return (la_ssize_t)length;
}

static la_ssize_t feed_tar(struct archive *archive, void *data, const void **bytes)
{
    la_ssize_t got = read_tar_bytes(data, bytes);
    if (got < 0)
        archive_set_error(archive, EIO, "%s", "read");
    return got;
}

static int open_stages(struct layer_reader *self, struct error *error)
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
    if (archive_filter_code(decompressor, 0) != ARCHIVE_FILTER_NONE)
        self->tar_digest = digest_sink(NULL, &self->diff_id, NULL);
    archive_read_support_format_tar(self->tar);
    archive_read_support_format_empty(self->tar);
    if (archive_read_open(self->tar, self, NULL, feed_tar, NULL) != ARCHIVE_OK)
        return failed(self, self->tar, error);
    return 0;
}

struct layer_reader *layer_reader_open(const struct source_layer *layer, struct error *error)
{
    struct layer_reader *self = xcalloc(1, sizeof *self);
    self->layer = layer;
    self->blob_digest = digest_sink(NULL, &self->digest, NULL);
    self->decompressor = archive_read_new();
    self->tar = archive_read_new();
    if (open_stages(self, error) < 0)
        layer_reader_free(&self);
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

static int compare(const struct layer_reader *reader, const char *what, const struct digest *expected,
                   const struct digest *found, struct error *error)
{
    if (expected->text[0] == '\0' || strcmp(expected->text, found->text) == 0)
        return 0;
    return error_set(error, "%s: the %s is %s; it should be %s", reader->layer->name, what, found->text,
                     expected->text);
}

int layer_reader_finish(struct layer_reader *reader, struct error *error)
{
    const void *bytes;
    la_ssize_t got;
    do
        got = read_tar_bytes(reader, &bytes);
    while (got > 0);
    while (got >= 0 && (got = read_blob(reader, &bytes)) > 0)
        continue;
    if (got < 0 || sink_finish(reader->blob_digest, &reader->error) < 0)
        return failed(reader, reader->decompressor, error);
    if (reader->tar_digest == NULL)
        reader->diff_id = reader->digest;
    else if (sink_finish(reader->tar_digest, &reader->error) < 0)
        return failed(reader, reader->decompressor, error);
    if (compare(reader, "digest", &reader->layer->digest, &reader->digest, error) < 0)
        return -1;
    return compare(reader, "diff ID", &reader->layer->diff_id, &reader->diff_id, error);
}

void layer_reader_free(struct layer_reader **reader)
{
    struct layer_reader *self = *reader;
    *reader = NULL;
    if (self == NULL)
        return;
    archive_read_free(self->tar);
    archive_read_free(self->decompressor);
    sink_free(&self->blob_digest);
    sink_free(&self->tar_digest);
    error_clear(&self->error);
    free(self);
}
