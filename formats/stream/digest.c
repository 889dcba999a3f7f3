#include "formats/stream/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/memory.h"

static void write_text(const unsigned char *sum, struct digest *digest)
{
    memcpy(digest->text, "sha256:", 7);
    for (size_t i = 0; i < 32; i++)
        snprintf(digest->text + 7 + 2 * i, 3, "%02x", sum[i]);
}

void digest_of(const void *bytes, size_t length, struct digest *digest)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    if (EVP_Digest(bytes, length, sum, NULL, EVP_sha256(), NULL) != 1)
        abort(); /* only where OpenSSL itself is broken or out of memory */
    write_text(sum, digest);
}

bool digest_is_valid(const char *text)
{
    return strncmp(text, "sha256:", 7) == 0 && strlen(text) == DIGEST_TEXT_SIZE - 1 &&
           strspn(text + 7, "0123456789abcdef") == 64;
}

struct digest_sink {
    struct sink sink;
    struct sink *next;
    EVP_MD_CTX *context;
    struct digest *digest;
    uint64_t *size;
    uint64_t total;
};

static int digest_sink_write(struct sink *sink, const void *bytes, size_t length, struct error *error)
{
    struct digest_sink *self = (struct digest_sink *)sink;
    self->total += length;
    if (EVP_DigestUpdate(self->context, bytes, length) != 1)
        return error_set(error, "SHA-256: OpenSSL failed");
    return self->next != NULL ? sink_write(self->next, bytes, length, error) : 0;
}

static int digest_sink_finish(struct sink *sink, struct error *error)
{
    struct digest_sink *self = (struct digest_sink *)sink;
    unsigned char sum[EVP_MAX_MD_SIZE];
    if (EVP_DigestFinal_ex(self->context, sum, NULL) != 1)
        return error_set(error, "SHA-256: OpenSSL failed");
    if (self->digest != NULL)
        write_text(sum, self->digest);
    if (self->size != NULL)
        *self->size = self->total;
    return self->next != NULL ? sink_finish(self->next, error) : 0;
}

static void digest_sink_free(struct sink *sink)
{
    struct digest_sink *self = (struct digest_sink *)sink;
    EVP_MD_CTX_free(self->context);
    free(self);
}

struct sink *digest_sink(struct sink *next, struct digest *digest, uint64_t *size)
{
    struct digest_sink *self = xcalloc(1, sizeof *self);
    self->sink = (struct sink){digest_sink_write, digest_sink_finish, digest_sink_free};
    self->next = next;
    self->digest = digest;
    self->size = size;
    self->context = EVP_MD_CTX_new();
    if (self->context == NULL || EVP_DigestInit_ex(self->context, EVP_sha256(), NULL) != 1)
        abort(); /* only where OpenSSL itself is broken or out of memory */
    return &self->sink;
}
