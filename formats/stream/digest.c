/* OpenSSL's functions for SHA-256 itself, which 3.0 deprecates for EVP: preparing EVP takes longer than most
 * of urunc's commands, and a static program would carry all of OpenSSL for it. */
#define OPENSSL_API_COMPAT 10101
#include "formats/stream/digest.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/memory.h"

static void finish(SHA256_CTX *context, struct digest *digest)
{
    unsigned char sum[SHA256_DIGEST_LENGTH];
    SHA256_Final(sum, context);
    memcpy(digest->text, "sha256:", 7);
    for (size_t i = 0; i < SHA256_DIGEST_LENGTH; i++)
        snprintf(digest->text + 7 + 2 * i, 3, "%02x", sum[i]);
}

void digest_of(const void *bytes, size_t length, struct digest *digest)
{
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, bytes, length);
    finish(&context, digest);
}

bool digest_is_valid(const char *text)
{
    return strncmp(text, "sha256:", 7) == 0 && strlen(text) == DIGEST_TEXT_SIZE - 1 &&
           strspn(text + 7, "0123456789abcdef") == 64;
}

struct digest_sink {
    struct sink sink;
    struct sink *next;
    SHA256_CTX context;
    struct digest *digest;
    uint64_t *size;
    uint64_t total;
};

static int digest_sink_write(struct sink *sink, const void *bytes, size_t length, struct error *error)
{
    struct digest_sink *self = (struct digest_sink *)sink;
    self->total += length;
    SHA256_Update(&self->context, bytes, length);
    return self->next != NULL ? sink_write(self->next, bytes, length, error) : 0;
}

static int digest_sink_finish(struct sink *sink, struct error *error)
{
    struct digest_sink *self = (struct digest_sink *)sink;
    if (self->digest != NULL)
        finish(&self->context, self->digest);
    if (self->size != NULL)
        *self->size = self->total;
    return self->next != NULL ? sink_finish(self->next, error) : 0;
}

static void digest_sink_free(struct sink *sink)
{
    free(sink);
}

struct sink *digest_sink(struct sink *next, struct digest *digest, uint64_t *size)
{
    struct digest_sink *self = xcalloc(1, sizeof *self);
    self->sink = (struct sink){digest_sink_write, digest_sink_finish, digest_sink_free};
    self->next = next;
    self->digest = digest;
    self->size = size;
    SHA256_Init(&self->context);
    return &self->sink;
}
