/* Compressing sinks. Their output depends on their input only: same bytes on every machine and CPU. */
#ifndef FORMATS_STREAM_COMPRESS_H
#define FORMATS_STREAM_COMPRESS_H

#include "formats/stream/sink.h"

enum compression {
    COMPRESSION_NONE,
    COMPRESSION_GZIP,
    COMPRESSION_ZSTD,
};

/* "none", "gzip", "zstd"; -1 for another word. */
int compression_from_name(const char *name);

/*
 * A sink that compresses into `next` (borrowed; finished by finish) as ONE gzip member or zstd frame, which
 * is what Linux's initramfs unpacker takes: it wants a whole cpio archive in each member (init/initramfs.c,
 * "junk at the end of compressed archive"). COMPRESSION_NONE passes through. `level` 0 means the default:
 * gzip 6, zstd 3.
 */
struct sink *compress_sink(enum compression compression, int level, struct sink *next);

/*
 * The same for layers: gzip comes as members of 1 MiB of input each, without names or times. RFC 1952
 * (section 2.2) allows members one after another, every reader of layers takes them, and they are made two to
 * three times faster, and independently of one another.
 */
struct sink *compress_layer_sink(enum compression compression, int level, struct sink *next);

#endif
