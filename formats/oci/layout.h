/* The image layout on disk (image-spec, image-layout.md). */
#ifndef FORMATS_OCI_LAYOUT_H
#define FORMATS_OCI_LAYOUT_H

#include <jansson.h>

#include "formats/base/error.h"
#include "formats/oci/descriptor.h"
#include "formats/oci/index.h"

struct oci_layout {
    int fd;     /* the directory; -1 when closed */
    char *path; /* for messages */
};
#define OCI_LAYOUT_NONE ((struct oci_layout){.fd = -1})

/* Opens an existing layout and checks its oci-layout file and version. */
int oci_layout_open(struct oci_layout *layout, const char *path, struct error *error);
/* Opens or makes one: directories, the oci-layout file; index.json only by oci_layout_tag. A directory that
 * exists, is not empty and not a layout is an error. The parent directory must exist. */
int oci_layout_create(struct oci_layout *layout, const char *path, struct error *error);
void oci_layout_close(struct oci_layout *layout);
#define cleanup_layout __attribute__((cleanup(oci_layout_close)))

/* A descriptor of the directory blobs/sha256, for tempfile_open; the caller closes it. */
int oci_layout_blobs(const struct oci_layout *layout, struct error *error);
/* Opens a blob for reading after checking that it is a regular file of the descriptor's size. Its digest is
 * checked by whoever reads it. */
int oci_layout_open_blob(const struct oci_layout *layout, const struct descriptor *descriptor,
                         struct error *error);
/* Reads a JSON blob whole and verifies its digest. */
json_t *oci_layout_read_json(const struct oci_layout *layout, const struct descriptor *descriptor,
                             struct error *error);

/*
 * Adds the manifest to index.json, replacing an entry of the same tag or the same full name; written
 * atomically, under a lock against other writers of the same layout. `tag` goes to
 * org.opencontainers.image.ref.name, `image_name`
 * ("docker.io/library/web:1") to io.containerd.image.name; each may be NULL. An entry without both replaces
 * the other one that has no name. `platform` may be NULL.
 */
int oci_layout_tag(const struct oci_layout *layout, const struct descriptor *manifest, const json_t *platform,
                   const char *tag, const char *image_name, struct oci_annotations extra,
                   struct error *error);
/* oci_index_find in the layout's index.json. */
int oci_layout_find(const struct oci_layout *layout, const char *ref, struct descriptor *manifest,
                    struct error *error);

#endif
