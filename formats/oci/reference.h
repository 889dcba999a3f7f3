/* Names of images, as Docker and containerd write and complete them (distribution/reference: "web" is
 * "docker.io/library/web:latest"). */
#ifndef FORMATS_OCI_REFERENCE_H
#define FORMATS_OCI_REFERENCE_H

#include <stdbool.h>

#include "formats/base/error.h"
#include "formats/stream/digest.h"

struct reference {
    char *domain; /* "docker.io", "localhost:5000"; all texts are owned */
    char *path;   /* "library/web" */
    char *tag;    /* "latest" where neither tag nor digest was given; NULL with a digest only */
    char *digest; /* "sha256:...", or NULL */
};

/* Error: `-t Web: invalid image name: ...` without the option, which the caller puts before it. */
int reference_parse(const char *text, struct reference *reference, struct error *error);
void reference_free(struct reference *reference);
#define cleanup_reference __attribute__((cleanup(reference_free)))

/* "docker.io/library/web:1", with "@sha256:..." where there is a digest; owned by the caller. */
char *reference_text(const struct reference *reference);

/* Parsed and written again in one; NULL on error. Owned by the caller. */
char *reference_normalize(const char *text, struct error *error);

/* True for a word character, then up to 127 of these, dots and hyphens. */
bool reference_tag_is_valid(const char *tag);

#endif
