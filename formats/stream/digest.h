/* Digests as the image specification writes them: "sha256:" and 64 hexadecimal digits (image-spec,
 * descriptor.md). */
#ifndef FORMATS_STREAM_DIGEST_H
#define FORMATS_STREAM_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/base/error.h"
#include "formats/stream/sink.h"

enum { DIGEST_TEXT_SIZE = 7 + 64 + 1 }; /* "sha256:", the digits, the NUL */

struct digest {
    char text[DIGEST_TEXT_SIZE];
};

/* The digest of bytes in memory. */
void digest_of(const void *bytes, size_t length, struct digest *digest);

/* True if the text is a well-formed sha256 digest; nothing else becomes part of a path. */
bool digest_is_valid(const char *text);

/* The 64 digits behind "sha256:". */
static inline const char *digest_hex(const struct digest *digest)
{
    return digest->text + 7;
}

/* A sink that hashes what passes through to `next` (which may be NULL: hash only). When finish was called,
 * *digest and *size (either may be NULL) hold the result. `next` is borrowed, and finished by finish. */
struct sink *digest_sink(struct sink *next, struct digest *digest, uint64_t *size);

#endif
