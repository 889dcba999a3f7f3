/* Blobs come first, index.json last, so that a crash leaves an index whose blobs all stand. */
#include "formats/oci/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "formats/base/beneath.h"
#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/oci/document.h"

#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"

enum { MAX_LAYOUT_FILE = 4096 };

void oci_layout_close(struct oci_layout *layout)
{
    if (layout->fd >= 0)
        close(layout->fd);
    free(layout->path);
    *layout = OCI_LAYOUT_NONE;
}

static int open_directory(struct oci_layout *layout, const char *path, struct error *error)
{
    *layout = OCI_LAYOUT_NONE;
    layout->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (layout->fd < 0)
        return error_errno(error, errno, "%s", path);
    layout->path = xstrdup(path);
    return 0;
}

static int read_layout_file(const struct oci_layout *layout, const char *name, size_t limit,
                            struct buffer *text, struct error *error)
{
    cleanup_close int fd = beneath_open_file(layout->fd, name, O_RDONLY, BENEATH_STRICT, error);
    if (fd < 0 || read_all(fd, limit, text, name, error) < 0)
        return error_prefix(error, "%s", layout->path);
    return 0;
}

static int check_version(const struct oci_layout *layout, struct error *error)
{
    cleanup_buffer struct buffer text = {0};
    if (read_layout_file(layout, "oci-layout", MAX_LAYOUT_FILE, &text, error) < 0)
        return error->number == ENOENT
                   ? error_set(error, "%s: not an OCI image layout (it has no file oci-layout)", layout->path)
                   : -1;
    cleanup_free char *where = xasprintf("%s/oci-layout", layout->path);
    cleanup_json json_t *json = oci_json_parse(text.data, text.length, where, error);
    if (json == NULL)
        return -1;
    const char *version = json_string_value(json_object_get(json, "imageLayoutVersion"));
    if (version == NULL || strncmp(version, "1.", 2) != 0)
        return error_set(error, "%s: imageLayoutVersion \"%s\": must be 1.x", where,
                         version != NULL ? version : "");
    return 0;
}

int oci_layout_open(struct oci_layout *layout, const char *path, struct error *error)
{
    if (open_directory(layout, path, error) < 0)
        return -1;
    if (check_version(layout, error) == 0)
        return 0;
    oci_layout_close(layout);
    return -1;
}

static int make_directory(const struct oci_layout *layout, const char *name, struct error *error)
{
    if (mkdirat(layout->fd, name, 0755) < 0 && errno != EEXIST)
        return error_errno(error, errno, "%s/%s", layout->path, name);
    return 0;
}

static int create(struct oci_layout *layout, struct error *error)
{
    if (faccessat(layout->fd, "oci-layout", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return check_version(layout, error);
    if (directory_is_empty(layout->fd, ".") != 1)
        return error_set(error, "%s: the directory is not empty and no OCI image layout", layout->path);
    if (file_replace(layout->fd, "oci-layout", LAYOUT_TEXT, strlen(LAYOUT_TEXT), error) < 0)
        return error_prefix(error, "%s", layout->path);
    return 0;
}

/* Takes back what was made in a directory that was made as well. A blob of another writer's stops it. */
static void remove_new(const struct oci_layout *layout)
{
    if ((unlinkat(layout->fd, "blobs/sha256", AT_REMOVEDIR) < 0 && errno != ENOENT) ||
        (unlinkat(layout->fd, "blobs", AT_REMOVEDIR) < 0 && errno != ENOENT))
        return;
    unlinkat(layout->fd, "oci-layout", 0);
    rmdir(layout->path);
}

int oci_layout_create(struct oci_layout *layout, const char *path, struct error *error)
{
    *layout = OCI_LAYOUT_NONE;
    bool made = mkdir(path, 0755) == 0;
    if (!made && errno != EEXIST)
        return error_errno(error, errno, "%s", path);
    if (open_directory(layout, path, error) < 0)
        return -1;
    if (create(layout, error) == 0 && make_directory(layout, "blobs", error) == 0 &&
        make_directory(layout, "blobs/sha256", error) == 0)
        return 0;
    if (made)
        remove_new(layout);
    oci_layout_close(layout);
    return -1;
}

int oci_layout_blobs(const struct oci_layout *layout, struct error *error)
{
    int fd = beneath_open(layout->fd, "blobs/sha256", O_RDONLY | O_DIRECTORY, 0, BENEATH_STRICT, error);
    return fd >= 0 ? fd : error_prefix(error, "%s", layout->path);
}

int oci_layout_open_blob(const struct oci_layout *layout, const struct descriptor *descriptor,
                         struct error *error)
{
    cleanup_free char *path = xasprintf("blobs/sha256/%s", digest_hex(&descriptor->digest));
    cleanup_close int fd = beneath_open_file(layout->fd, path, O_RDONLY, BENEATH_STRICT, error);
    if (fd < 0)
        return error_prefix(error, "%s", layout->path);
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_errno(error, errno, "%s/%s", layout->path, path);
    if ((uint64_t)status.st_size != descriptor->size)
        return error_set(error, "%s/%s: %llu bytes; its descriptor says %llu", layout->path, path,
                         (unsigned long long)status.st_size, (unsigned long long)descriptor->size);
    return take_fd(fd);
}

json_t *oci_layout_read_json(const struct oci_layout *layout, const struct descriptor *descriptor,
                             struct error *error)
{
    cleanup_close int fd = oci_layout_open_blob(layout, descriptor, error);
    cleanup_free char *where = xasprintf("%s/blobs/sha256/%s", layout->path, digest_hex(&descriptor->digest));
    cleanup_buffer struct buffer text = {0};
    if (fd < 0 || read_all(fd, OCI_MAX_DOCUMENT, &text, where, error) < 0)
        return NULL;
    struct digest digest;
    digest_of(text.data, text.length, &digest);
    if (strcmp(digest.text, descriptor->digest.text) != 0) {
        error_set(error, "%s: the content's digest is %s", where, digest.text);
        return NULL;
    }
    return oci_json_parse(text.data, text.length, where, error);
}

static json_t *read_index(const struct oci_layout *layout, struct error *error)
{
    cleanup_buffer struct buffer text = {0};
    if (read_layout_file(layout, "index.json", OCI_MAX_DOCUMENT, &text, error) < 0)
        return NULL;
    cleanup_free char *where = xasprintf("%s/index.json", layout->path);
    return oci_json_parse(text.data, text.length, where, error);
}

static json_t *read_or_make_index(const struct oci_layout *layout, struct error *error)
{
    json_t *index = read_index(layout, error);
    if (index != NULL || error->number != ENOENT)
        return index;
    error_clear(error);
    return oci_index_new();
}

/* The lock is on the directory itself, so nothing of it stays behind. */
static int lock(const struct oci_layout *layout, struct error *error)
{
    int fd = openat(layout->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && flock(fd, LOCK_EX) < 0) {
        if (errno == EINTR)
            continue;
        int number = errno;
        close(fd);
        return error_errno(error, number, "%s: lock", layout->path);
    }
    return fd >= 0 ? fd : error_errno(error, errno, "%s", layout->path);
}

int oci_layout_tag(const struct oci_layout *layout, const struct descriptor *manifest, const json_t *platform,
                   const char *tag, const char *image_name, struct oci_annotations extra, struct error *error)
{
    cleanup_close int locked = lock(layout, error);
    if (locked < 0)
        return -1;
    cleanup_json json_t *index = read_or_make_index(layout, error);
    if (index == NULL)
        return -1;
    if (!json_is_array(json_object_get(index, "manifests")))
        return error_set(error, "%s/index.json: no list of manifests", layout->path);
    oci_index_remove(index, tag, image_name);
    oci_index_add(index, manifest, platform, tag, image_name, extra);
    cleanup_free char *text = oci_json_text(index);
    if (strlen(text) > OCI_MAX_DOCUMENT)
        return error_set(error, "%s/index.json: would be larger than %d bytes", layout->path,
                         OCI_MAX_DOCUMENT);
    if (file_replace(layout->fd, "index.json", text, strlen(text), error) < 0)
        return error_prefix(error, "%s", layout->path);
    return 0;
}

int oci_layout_find(const struct oci_layout *layout, const char *ref, struct descriptor *manifest,
                    struct error *error)
{
    *manifest = (struct descriptor){0};
    cleanup_json json_t *index = read_index(layout, error);
    if (index == NULL)
        return -1;
    return oci_index_find(index, ref, layout->path, manifest, error);
}
