/*
 * OCI images (image-spec 1.1): descriptors, manifest, index, config, and the image layout on disk.
 *
 * Documents are jansson objects made and read here; nothing else in the project knows their field names.
 */
#ifndef FORMATS_OCI_OCI_H
#define FORMATS_OCI_OCI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/base/error.h"
#include "formats/base/file.h"
#include "formats/stream/digest.h"

#define OCI_MEDIA_TYPE_INDEX    "application/vnd.oci.image.index.v1+json"
#define OCI_MEDIA_TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_MEDIA_TYPE_CONFIG   "application/vnd.oci.image.config.v1+json"
#define OCI_ANNOTATION_REF_NAME                                                                              \
    "org.opencontainers.image.ref.name" /* the tag, as skopeo and umoci look for it */
#define OCI_ANNOTATION_IMAGE_NAME                                                                            \
    "io.containerd.image.name" /* the full name, as containerd, podman and buildx look for it */
/* Docker's names for the same things (distribution, manifest-v2-2.md), as archives of other tools have them.
 */
#define DOCKER_MEDIA_TYPE_LIST     "application/vnd.docker.distribution.manifest.list.v2+json"
#define DOCKER_MEDIA_TYPE_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_MEDIA_TYPE_CONFIG   "application/vnd.docker.container.image.v1+json"

enum { OCI_MAX_DOCUMENT = 4 << 20 }; /* bytes of a manifest, index or config; larger is an error */

struct descriptor {
    char *media_type; /* owned */
    struct digest digest;
    uint64_t size; /* bytes */
};

void descriptor_free(struct descriptor *descriptor);
/* {"mediaType","digest","size"}. */
json_t *descriptor_to_json(const struct descriptor *descriptor);
int descriptor_from_json(const json_t *json, const char *where, struct descriptor *descriptor,
                         struct error *error);

/* Parses a document of at most OCI_MAX_DOCUMENT bytes, which must be one JSON object without double keys. */
json_t *oci_json_parse(const void *bytes, size_t length, const char *where, struct error *error);

bool oci_is_index(const char *media_type);    /* OCI's or Docker's */
bool oci_is_manifest(const char *media_type); /* OCI's or Docker's */
bool oci_is_config(const char *media_type);   /* OCI's or Docker's, of an image: not an artifact's */
bool oci_is_layer(const char *media_type);    /* a tar, in any compression that this project reads */

/* A document that is a manifest to one reader and an index to another is how a digest that was checked comes
 * to stand for something else (CVE-2021-41190): an error where the document's mediaType is not the
 * descriptor's, or where it has the lists of both. `media_type` is an index's or a manifest's. */
int oci_check_kind(const json_t *document, const char *media_type, const char *where, struct error *error);

/* JSON as it is hashed and stored: no spaces, keys in the order they were inserted. Owned by the caller. */
char *oci_json_text(const json_t *json);

/* ---- the image layout on disk (image-layout.md) ---- */

struct oci_layout {
    int fd;     /* the directory; -1 when closed */
    char *path; /* for messages */
};
#define OCI_LAYOUT_NONE ((struct oci_layout){.fd = -1})

/* Opens an existing layout and checks its oci-layout file and version. */
int oci_layout_open(struct oci_layout *layout, const char *path, struct error *error);
/* Opens or makes one: directories, the oci-layout file; index.json only by oci_layout_tag. A directory that
 * exists, is not empty and is no layout is an error. The parent directory must exist. */
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

/* Annotations besides the names: objects of strings, borrowed; NULL: none. */
struct oci_annotations {
    const json_t *entry; /* of the manifest's entry in the index */
    const json_t *index; /* of the index itself, over those that it has */
};

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
/* Adds an entry {"mediaType","digest","size","platform","annotations"} to an index, and annotations to both.
 */
void oci_index_add(json_t *index, const struct descriptor *manifest, const json_t *platform, const char *tag,
                   const char *image_name, struct oci_annotations extra);
/* An index without entries; new reference. */
json_t *oci_index_new(void);
/* Finds a manifest or nested index by tag or full name (any form that the reference grammar completes to it);
 * with ref NULL the only entry, an error that lists the names where there are several. `where` stands in
 * errors. */
int oci_index_find(const json_t *index, const char *ref, const char *where, struct descriptor *manifest,
                   struct error *error);
/* The same in a layout's index.json. */
int oci_layout_find(const struct oci_layout *layout, const char *ref, struct descriptor *manifest,
                    struct error *error);

#endif
