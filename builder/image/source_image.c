/* Everything in an image is hostile: documents have a limit and a digest, names never become
 * paths. */
#include "builder/image/source_image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/image/choose_platform.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/oci/descriptor.h"
#include "formats/oci/document.h"
#include "formats/oci/index.h"
#include "formats/oci/layout.h"
#include "formats/oci/media_types.h"
#include "formats/oci/reference.h"

enum {
    MAX_NESTING = 4,  /* an index in an index in ... */
    MAX_LAYERS = 512, /* each holds a descriptor open; engines stop at 128 */
};

enum kind {
    KIND_ANY,
    KIND_OCI,
    KIND_OCI_ARCHIVE,
    KIND_DOCKER_ARCHIVE,
};

static const struct {
    const char *prefix;
    enum kind kind;
} prefixes[] = {
    {"oci:", KIND_OCI},
    {"oci-archive:", KIND_OCI_ARCHIVE},
    {"docker-archive:", KIND_DOCKER_ARCHIVE},
};

void source_image_close(struct source_image *image)
{
    for (size_t i = 0; i < image->layer_count; i++) {
        free(image->layers[i].name);
        /* A layout's blobs are files of their own; an archive's borrow its descriptor. */
        if (image->layout.fd >= 0 && image->layers[i].blob.fd >= 0)
            close(image->layers[i].blob.fd);
    }
    free(image->layers);
    free(image->name);
    json_decref(image->manifest);
    json_decref(image->config);
    oci_layout_close(&image->layout);
    image_archive_close(&image->archive);
    *image = SOURCE_IMAGE_NONE;
}

/* Cuts "PATH:REF" at the first colon before which something exists; a path that exists as a whole has no REF.
 */
static const char *split_reference(char *path)
{
    struct stat status;
    if (stat(path, &status) == 0)
        return NULL;
    for (char *colon = strchr(path, ':'); colon != NULL; colon = strchr(colon + 1, ':')) {
        *colon = '\0';
        if (colon != path && stat(path, &status) == 0)
            return colon + 1;
        *colon = ':';
    }
    return NULL;
}

static int open_blob(const struct source_image *image, const struct descriptor *descriptor, struct blob *blob,
                     struct error *error)
{
    if (image->layout.fd >= 0) {
        int fd = oci_layout_open_blob(&image->layout, descriptor, error);
        *blob = (struct blob){fd, 0, descriptor->size};
        return fd >= 0 ? 0 : -1;
    }
    cleanup_free char *path = xasprintf("blobs/sha256/%s", digest_hex(&descriptor->digest));
    if (!image_archive_find(&image->archive, path, blob))
        return error_set(error, "%s: no member %s", image->archive.path, path);
    if (blob->size != descriptor->size)
        return error_set(error, "%s: %s: %llu bytes; its descriptor says %llu", image->archive.path, path,
                         (unsigned long long)blob->size, (unsigned long long)descriptor->size);
    return 0;
}

static json_t *read_member(const struct source_image *image, const char *path, const struct digest *expected,
                           struct error *error)
{
    cleanup_free char *where = xasprintf("%s: %s", image->archive.path, path);
    struct blob blob;
    if (!image_archive_find(&image->archive, path, &blob)) {
        error_set(error, "%s: missing", where);
        return NULL;
    }
    cleanup_buffer struct buffer text = {0};
    if (blob_read_all(&blob, OCI_MAX_DOCUMENT, &text, where, error) < 0)
        return NULL;
    struct digest digest;
    digest_of(text.data, text.length, &digest);
    if (expected != NULL && strcmp(digest.text, expected->text) != 0) {
        error_set(error, "%s: the content's digest is %s", where, digest.text);
        return NULL;
    }
    json_error_t position;
    json_t *json = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, &position);
    if (json == NULL)
        error_set(error, "%s:%d: %s", where, position.line, position.text);
    return json;
}

static json_t *read_document(const struct source_image *image, const struct descriptor *descriptor,
                             struct error *error)
{
    if (image->layout.fd >= 0)
        return oci_layout_read_json(&image->layout, descriptor, error);
    struct blob blob;
    cleanup_free char *path = xasprintf("blobs/sha256/%s", digest_hex(&descriptor->digest));
    if (open_blob(image, descriptor, &blob, error) < 0)
        return NULL;
    return read_member(image, path, &descriptor->digest, error);
}

static const char *diff_id_at(const json_t *config, size_t index)
{
    const json_t *list = json_object_get(json_object_get(config, "rootfs"), "diff_ids");
    const char *text = json_string_value(json_array_get(list, index));
    return text != NULL && digest_is_valid(text) ? text : NULL;
}

static int check_layer_count(const struct source_image *image, const json_t *layers, struct error *error)
{
    const json_t *diff_ids = json_object_get(json_object_get(image->config, "rootfs"), "diff_ids");
    if (!json_is_array(layers) || json_array_size(layers) > MAX_LAYERS)
        return error_set(error, "%s: the manifest has no list of layers, or one of more than %d", image->name,
                         MAX_LAYERS);
    if (json_array_size(diff_ids) != json_array_size(layers))
        return error_set(error, "%s: the manifest has %zu layers, the config %zu diff IDs", image->name,
                         json_array_size(layers), json_array_size(diff_ids));
    return 0;
}

/* A layer whose blob is still missing; the caller fills it. */
static struct source_layer *add_layer(struct source_image *image, size_t total, struct error *error)
{
    size_t index = image->layer_count;
    const char *diff_id = diff_id_at(image->config, index);
    if (diff_id == NULL) {
        error_set(error, "%s: diff ID %zu: must be sha256: and 64 hexadecimal digits", image->name,
                  index + 1);
        return NULL;
    }
    if (image->layers == NULL)
        image->layers = xcalloc(total, sizeof *image->layers);
    struct source_layer *layer = &image->layers[image->layer_count++];
    layer->blob.fd = -1;
    memcpy(layer->diff_id.text, diff_id, DIGEST_TEXT_SIZE);
    layer->name = xasprintf("%s: layer %zu of %zu", image->name, index + 1, total);
    return layer;
}

/* The compression is told by the bytes, for not all writers say it right. */
static int open_layer(const struct source_image *image, const struct descriptor *descriptor,
                      struct source_layer *layer, struct error *error)
{
    if (!oci_is_layer(descriptor->media_type))
        return error_set(error, "%s: media type %s: not a layer of an image", layer->name,
                         descriptor->media_type);
    return open_blob(image, descriptor, &layer->blob, error);
}

static int open_oci_layers(struct source_image *image, struct error *error)
{
    const json_t *layers = json_object_get(image->manifest, "layers");
    if (check_layer_count(image, layers, error) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(layers); i++) {
        struct descriptor descriptor;
        struct source_layer *layer = add_layer(image, json_array_size(layers), error);
        if (layer == NULL ||
            descriptor_from_json(json_array_get(layers, i), layer->name, &descriptor, error) < 0)
            return -1;
        layer->digest = descriptor.digest;
        int result = open_layer(image, &descriptor, layer, error);
        descriptor_free(&descriptor);
        if (result < 0)
            return -1;
    }
    return 0;
}

static int open_config(struct source_image *image, struct error *error)
{
    struct descriptor config;
    if (descriptor_from_json(json_object_get(image->manifest, "config"), image->name, &config, error) < 0)
        return -1;
    if (oci_is_config(config.media_type))
        image->config = read_document(image, &config, error);
    else
        error_set(error, "%s: config of media type %s: not an image", image->name, config.media_type);
    descriptor_free(&config);
    return image->config != NULL ? 0 : -1;
}

static int open_manifest(struct source_image *image, const struct descriptor *descriptor, struct error *error)
{
    image->manifest = read_document(image, descriptor, error);
    if (image->manifest == NULL ||
        oci_check_kind(image->manifest, descriptor->media_type, image->name, error) < 0 ||
        open_config(image, error) < 0)
        return -1;
    return open_oci_layers(image, error);
}

/* Follows nested indexes to a manifest. */
static int open_described(struct source_image *image, struct descriptor *descriptor, const char *platform,
                          struct error *error)
{
    for (int depth = 0; oci_is_index(descriptor->media_type); depth++) {
        if (depth == MAX_NESTING)
            return error_set(error, "%s: indexes nested too deeply", image->name);
        cleanup_json json_t *index = read_document(image, descriptor, error);
        if (index == NULL || oci_check_kind(index, descriptor->media_type, image->name, error) < 0)
            return -1;
        descriptor_free(descriptor);
        if (platform_choose(index, platform, image->name, descriptor, error) < 0)
            return -1;
    }
    if (!oci_is_manifest(descriptor->media_type))
        return error_set(error, "%s: not an image: its media type is %s", image->name,
                         descriptor->media_type);
    return open_manifest(image, descriptor, error);
}

static int open_oci(struct source_image *image, const char *ref, const char *platform, struct error *error)
{
    struct descriptor descriptor = {0};
    int result;
    if (image->layout.fd >= 0) {
        result = oci_layout_find(&image->layout, ref, &descriptor, error);
    } else {
        cleanup_json json_t *index = read_member(image, "index.json", NULL, error);
        result = index != NULL ? oci_index_find(index, ref, image->archive.path, &descriptor, error) : -1;
    }
    if (result == 0)
        result = open_described(image, &descriptor, platform, error);
    descriptor_free(&descriptor);
    return result;
}

static bool has_name(const json_t *item, const char *ref)
{
    cleanup_error struct error ignored = {0};
    cleanup_free char *wanted = reference_normalize(ref, &ignored);
    size_t i;
    json_t *tag;
    json_array_foreach (json_object_get(item, "RepoTags"), i, tag) {
        const char *text = json_string_value(tag);
        cleanup_free char *full = text != NULL ? reference_normalize(text, &ignored) : NULL;
        if (full != NULL && wanted != NULL && strcmp(full, wanted) == 0)
            return true;
    }
    return false;
}

static const json_t *choose_docker_item(const struct source_image *image, const json_t *items,
                                        const char *ref, struct error *error)
{
    if (ref == NULL && json_array_size(items) == 1)
        return json_array_get(items, 0);
    if (ref == NULL) {
        error_set(error, "%s: holds %zu images; name one", image->archive.path, json_array_size(items));
        return NULL;
    }
    size_t i;
    json_t *item;
    json_array_foreach (items, i, item)
        if (has_name(item, ref))
            return item;
    error_set(error, "%s: no image \"%s\"", image->archive.path, ref);
    return NULL;
}

static int open_docker(struct source_image *image, const char *ref, struct error *error)
{
    cleanup_json json_t *items = read_member(image, "manifest.json", NULL, error);
    if (items == NULL)
        return -1;
    if (!json_is_array(items))
        return error_set(error, "%s: manifest.json: must be a list of images", image->archive.path);
    const json_t *item = choose_docker_item(image, items, ref, error);
    if (item == NULL)
        return -1;
    const char *config = json_string_value(json_object_get(item, "Config"));
    if (config == NULL)
        return error_set(error, "%s: manifest.json names no config", image->archive.path);
    image->config = read_member(image, config, NULL, error);
    const json_t *layers = json_object_get(item, "Layers");
    if (image->config == NULL || check_layer_count(image, layers, error) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(layers); i++) {
        struct source_layer *layer = add_layer(image, json_array_size(layers), error);
        if (layer == NULL)
            return -1;
        const char *path = json_string_value(json_array_get(layers, i));
        if (path == NULL || !image_archive_find(&image->archive, path, &layer->blob))
            return error_set(error, "%s: no member %s", layer->name, path != NULL ? path : "");
    }
    return 0;
}

static int open_archive(struct source_image *image, enum kind kind, const char *path, const char *ref,
                        const char *platform, struct error *error)
{
    if (image_archive_open(&image->archive, path, error) < 0)
        return -1;
    struct blob ignored;
    /* Docker since 25 writes both documents into one archive; OCI's keeps the annotations. */
    bool is_oci = image_archive_find(&image->archive, "index.json", &ignored);
    bool is_docker = image_archive_find(&image->archive, "manifest.json", &ignored);
    if (is_oci && kind != KIND_DOCKER_ARCHIVE)
        return open_oci(image, ref, platform, error);
    if (is_docker && kind != KIND_OCI_ARCHIVE)
        return open_docker(image, ref, error);
    return error_set(error, "%s: not an image archive: it has %s", path,
                     kind == KIND_OCI_ARCHIVE      ? "no index.json"
                     : kind == KIND_DOCKER_ARCHIVE ? "no manifest.json"
                                                   : "neither index.json nor manifest.json");
}

static int open_image(struct source_image *image, const char *platform, struct error *error)
{
    enum kind kind = KIND_ANY;
    const char *name = image->name;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes && kind == KIND_ANY; i++) {
        if (strncmp(name, prefixes[i].prefix, strlen(prefixes[i].prefix)) != 0)
            continue;
        kind = prefixes[i].kind;
        name += strlen(prefixes[i].prefix);
    }
    cleanup_free char *path = xstrdup(name);
    const char *ref = split_reference(path);
    struct stat status;
    if (stat(path, &status) < 0)
        return error_set(error, "%s: no such layout directory or archive", image->name);
    if (!S_ISDIR(status.st_mode) && kind != KIND_OCI)
        return open_archive(image, kind, path, ref, platform, error);
    if (kind == KIND_OCI_ARCHIVE || kind == KIND_DOCKER_ARCHIVE)
        return error_set(error, "%s: a directory, not an archive", path);
    if (oci_layout_open(&image->layout, path, error) < 0)
        return -1;
    return open_oci(image, ref, platform, error);
}

int source_image_open(struct source_image *image, const char *name, const char *platform, struct error *error)
{
    *image = SOURCE_IMAGE_NONE;
    image->name = xstrdup(name);
    if (open_image(image, platform, error) == 0)
        return 0;
    source_image_close(image);
    return -1;
}
