/* gzip through libdeflate (layers) or zlib (one member), zstd through libzstd. */
#include "formats/stream/compress.h"

#include <libdeflate.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "formats/base/memory.h"

enum {
    BLOCK_SIZE = 1024 * 1024, /* bytes of input that are compressed at once */
    GZIP_DEFAULT_LEVEL = 6,
    ZSTD_DEFAULT_LEVEL = 3,
};

static const char *const names[] = {
    [COMPRESSION_NONE] = "none",
    [COMPRESSION_GZIP] = "gzip",
    [COMPRESSION_ZSTD] = "zstd",
};

int compression_from_name(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

/*
 * All compressors see their input in the same blocks however it was written to the sink: that, one thread and
 * fixed levels make the output a function of the input alone.
 */
struct compressor {
    struct sink sink;
    struct sink *next;
    const struct method *method;
    union {
        struct libdeflate_compressor *deflate;
        z_stream zlib;
        ZSTD_CCtx *zstd;
    } state;
    bool started; /* a block was compressed */
    size_t held;  /* bytes in `block` */
    size_t capacity;
    char *output; /* `capacity` bytes */
    char block[BLOCK_SIZE];
};

struct method {
    bool (*open)(struct compressor *self, int level); /* sets `state` and `capacity` */
    /* Compresses the block that is held into self->next; `last` is true once, for the last (maybe empty)
     * block. */
    int (*block)(struct compressor *self, bool last, struct error *error);
    void (*close)(struct compressor *self);
};

/* ---- gzip, a member for each block ---- */

static bool members_open(struct compressor *self, int level)
{
    self->state.deflate = libdeflate_alloc_compressor(level > 0 ? level : GZIP_DEFAULT_LEVEL);
    if (self->state.deflate == NULL)
        return false;
    self->capacity = libdeflate_gzip_compress_bound(self->state.deflate, BLOCK_SIZE);
    return true;
}

static int members_block(struct compressor *self, bool last, struct error *error)
{
    /* An empty stream still is one member, or nothing could tell that it is gzip. */
    if (last && self->held == 0 && self->started)
        return 0;
    size_t length =
        libdeflate_gzip_compress(self->state.deflate, self->block, self->held, self->output, self->capacity);
    if (length == 0)
        return error_set(error, "gzip: libdeflate failed");
    return sink_write(self->next, self->output, length, error);
}

static void members_close(struct compressor *self)
{
    libdeflate_free_compressor(self->state.deflate);
}

/* ---- gzip, one member ---- */

static bool gzip_open(struct compressor *self, int level)
{
    const int gzip_header = 16; /* added to windowBits; the header has no time, no name, and OS 3 */
    self->capacity = BLOCK_SIZE;
    return deflateInit2(&self->state.zlib, level > 0 ? level : GZIP_DEFAULT_LEVEL, Z_DEFLATED,
                        MAX_WBITS + gzip_header, 8, Z_DEFAULT_STRATEGY) == Z_OK;
}

static int gzip_block(struct compressor *self, bool last, struct error *error)
{
    z_stream *stream = &self->state.zlib;
    stream->next_in = (Bytef *)self->block;
    stream->avail_in = (uInt)self->held;
    do {
        stream->next_out = (Bytef *)self->output;
        stream->avail_out = (uInt)self->capacity;
        if (deflate(stream, last ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR)
            return error_set(error, "gzip: zlib failed");
        if (sink_write(self->next, self->output, self->capacity - stream->avail_out, error) < 0)
            return -1;
    } while (stream->avail_out == 0);
    return 0;
}

static void gzip_close(struct compressor *self)
{
    deflateEnd(&self->state.zlib);
}

/* ---- zstd, one frame ---- */

static bool zstd_open(struct compressor *self, int level)
{
    self->state.zstd = ZSTD_createCCtx();
    self->capacity = ZSTD_CStreamOutSize();
    if (self->state.zstd == NULL)
        return false;
    ZSTD_CCtx_setParameter(self->state.zstd, ZSTD_c_compressionLevel, level > 0 ? level : ZSTD_DEFAULT_LEVEL);
    ZSTD_CCtx_setParameter(self->state.zstd, ZSTD_c_checksumFlag, 1);
    return true;
}

static int zstd_block(struct compressor *self, bool last, struct error *error)
{
    ZSTD_inBuffer input = {self->block, self->held, 0};
    size_t left;
    do {
        ZSTD_outBuffer output = {self->output, self->capacity, 0};
        left = ZSTD_compressStream2(self->state.zstd, &output, &input, last ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left))
            return error_set(error, "zstd: %s", ZSTD_getErrorName(left));
        if (output.pos > 0 && sink_write(self->next, self->output, output.pos, error) < 0)
            return -1;
    } while (last ? left > 0 : input.pos < input.size);
    return 0;
}

static void zstd_close(struct compressor *self)
{
    ZSTD_freeCCtx(self->state.zstd);
}

/* ---- the sink ---- */

static const struct method gzip_members = {members_open, members_block, members_close};
static const struct method gzip = {gzip_open, gzip_block, gzip_close};
static const struct method zstd = {zstd_open, zstd_block, zstd_close};

static int compress_held(struct compressor *self, bool last, struct error *error)
{
    int result = self->method->block(self, last, error);
    self->started = true;
    self->held = 0;
    return result;
}

static int compressor_write(struct sink *sink, const void *bytes, size_t length, struct error *error)
{
    struct compressor *self = (struct compressor *)sink;
    const char *position = bytes;
    while (length > 0) {
        size_t part = BLOCK_SIZE - self->held < length ? BLOCK_SIZE - self->held : length;
        memcpy(self->block + self->held, position, part);
        self->held += part;
        position += part;
        length -= part;
        if (self->held == BLOCK_SIZE && compress_held(self, false, error) < 0)
            return -1;
    }
    return 0;
}

static int compressor_finish(struct sink *sink, struct error *error)
{
    struct compressor *self = (struct compressor *)sink;
    if (compress_held(self, true, error) < 0)
        return -1;
    return sink_finish(self->next, error);
}

static void compressor_free(struct sink *sink)
{
    struct compressor *self = (struct compressor *)sink;
    self->method->close(self);
    free(self->output);
    free(self);
}

static struct sink *compressor_new(const struct method *method, int level, struct sink *next)
{
    struct compressor *self = xcalloc(1, sizeof *self);
    self->sink = (struct sink){compressor_write, compressor_finish, compressor_free};
    self->next = next;
    self->method = method;
    if (!method->open(self, level))
        abort(); /* only where memory is out, or a level is not one */
    self->output = xcalloc(1, self->capacity);
    return &self->sink;
}

/* ---- no compression ---- */

struct passing {
    struct sink sink;
    struct sink *next;
};

static int passing_write(struct sink *sink, const void *bytes, size_t length, struct error *error)
{
    return sink_write(((struct passing *)sink)->next, bytes, length, error);
}

static int passing_finish(struct sink *sink, struct error *error)
{
    return sink_finish(((struct passing *)sink)->next, error);
}

static void passing_free(struct sink *sink)
{
    free(sink);
}

static struct sink *passing_new(struct sink *next)
{
    struct passing *self = xcalloc(1, sizeof *self);
    self->sink = (struct sink){passing_write, passing_finish, passing_free};
    self->next = next;
    return &self->sink;
}

static struct sink *sink_for(enum compression compression, const struct method *for_gzip, int level,
                             struct sink *next)
{
    switch (compression) {
    case COMPRESSION_GZIP:
        return compressor_new(for_gzip, level, next);
    case COMPRESSION_ZSTD:
        return compressor_new(&zstd, level, next);
    case COMPRESSION_NONE:
        break;
    }
    return passing_new(next);
}

struct sink *compress_sink(enum compression compression, int level, struct sink *next)
{
    return sink_for(compression, &gzip, level, next);
}

struct sink *compress_layer_sink(enum compression compression, int level, struct sink *next)
{
    return sink_for(compression, &gzip_members, level, next);
}
