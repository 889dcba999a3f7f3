#include "builder/bundle/unpack.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/bundle/unpacker.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"

void destination_free(struct destination *destination)
{
    free(destination->path);
    *destination = (struct destination){.parent = -1};
}

/* "/a/./b/" becomes "a/b"; NULL with an error where a component is "..". */
static char *clean_entry_path(const char *path, struct error *error)
{
    cleanup_free char *clean = path_clean(path, PATH_DOTS_REFUSE);
    if (clean == NULL) {
        error_set(error, "leaves the image through \"..\"");
        return NULL;
    }
    size_t length = strlen(clean);
    if (length >= PATH_MAX) {
        error_set(error, "a path of %zu bytes; Linux opens none of more than %d", length, PATH_MAX - 1);
        return NULL;
    }
    return take_pointer(clean);
}

int destination_find(struct unpacker *unpacker, const char *path, bool make, struct destination *destination,
                     struct error *error)
{
    *destination = (struct destination){.parent = -1};
    destination->path = clean_entry_path(path, error);
    if (destination->path == NULL)
        return -1;
    char *slash = strrchr(destination->path, '/');
    size_t length = slash != NULL ? (size_t)(slash - destination->path) : 0;
    destination->name = slash != NULL ? slash + 1 : destination->path;
    destination->parent = parent_cache_open(&unpacker->parents, destination->path, length, make, error);
    return destination->parent >= 0 ? 0 : -1;
}

static int apply_entry(struct unpacker *unpacker, struct layer_reader *reader, struct archive_entry *entry,
                       const char *path, struct error *error)
{
    bool whiteout = whiteout_is(path);
    cleanup_destination struct destination destination = {.parent = -1};
    if (destination_find(unpacker, path, !whiteout, &destination, error) < 0) {
        if (!whiteout || (error->number != ENOENT && error->number != ENOTDIR))
            return -1;
        error_clear(error); /* there is nothing to hide */
        return 0;
    }
    if (whiteout)
        return whiteout_apply(unpacker, &destination, error);
    return unpack_entry(unpacker, reader, entry, &destination, error);
}

static int apply_entries(struct unpacker *unpacker, struct layer_reader *reader, struct error *error)
{
    for (;;) {
        struct archive_entry *entry;
        int result = layer_reader_next(reader, &entry, error);
        if (result == 0)
            return layer_reader_finish(reader, error);
        if (result < 0)
            return -1;
        const char *path = archive_entry_pathname(entry);
        if (path == NULL)
            return error_set(error, "an entry without a name");
        if (apply_entry(unpacker, reader, entry, path, error) < 0)
            return error_prefix(error, "%s", path);
    }
}

static int apply_layer(struct unpacker *unpacker, const struct source_layer *layer, struct error *error)
{
    inode_set_free(&unpacker->made);
    inode_set_free(&unpacker->clean);
    cleanup_layer_reader struct layer_reader *reader = layer_reader_open(layer, error);
    if (reader == NULL || apply_entries(unpacker, reader, error) < 0)
        return error_prefix(error, "%s", layer->name);
    return 0;
}

static int apply_layers(struct unpacker *unpacker, const struct source_image *image, struct error *error)
{
    /* All of them first: not one entry of an image is made when one of its blobs is not what it should be. */
    for (size_t i = 0; i < image->layer_count; i++)
        if (layer_verify(&image->layers[i], error) < 0)
            return error_prefix(error, "%s", image->layers[i].name);
    for (size_t i = 0; i < image->layer_count; i++)
        if (apply_layer(unpacker, &image->layers[i], error) < 0)
            return -1;
    return unpack_finish_directories(unpacker, error);
}

static void unpacker_free(struct unpacker *unpacker)
{
    parent_cache_free(&unpacker->parents);
    directory_log_free(&unpacker->directories);
    inode_set_free(&unpacker->made);
    inode_set_free(&unpacker->clean);
}

static void warn(const struct source_image *image, const struct unpacker *unpacker)
{
    if (unpacker->devices_left_out > 0)
        fprintf(stderr, "warning: %s: %u device nodes left out: only root can make them\n", image->name,
                unpacker->devices_left_out);
    if (unpacker->xattrs_left_out > 0)
        fprintf(stderr,
                "warning: %s: %u extended attributes left out: the filesystem or the user cannot have them\n",
                image->name, unpacker->xattrs_left_out);
}

int unpack_image(const struct source_image *image, int rootfd, struct error *error)
{
    /* libarchive turns the UTF-8 of pax headers into the locale's encoding. File names are bytes, so it must
     * be UTF-8 as well, for this thread and this time. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 != (locale_t)0 ? uselocale(utf8) : (locale_t)0;
    struct unpacker unpacker = {.root = rootfd, .privileged = geteuid() == 0};
    unpacker.parents = PARENT_CACHE(rootfd, &unpacker.directories);
    int result = apply_layers(&unpacker, image, error);
    if (result == 0)
        warn(image, &unpacker);
    unpacker_free(&unpacker);
    if (utf8 != (locale_t)0) {
        uselocale(before);
        freelocale(utf8);
    }
    return result;
}
