/* type=oci: an image layout in a directory, where other images may stand already. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/output/names.h"
#include "builder/output/output.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"
#include "formats/oci/descriptor.h"
#include "formats/oci/layout.h"

enum { CHUNK = 256 * 1024 }; /* bytes copied at a time */

/* True if a directory holds something and is not a layout: `-t web` with the sources in ./web must fail
 * before the work. */
static bool is_occupied(const char *path)
{
    cleanup_free char *marker = xasprintf("%s/oci-layout", path);
    if (access(marker, F_OK) == 0)
        return false;
    return directory_is_empty(AT_FDCWD, path) == 0; /* an unreadable one fails when it is written to */
}

/* The blobs of the layout that stands there already, or else the directory in which it will stand, so that
 * nothing is left behind by a build that fails. */
static int blob_directory(const struct output_options *options, struct error *error)
{
    struct stat status;
    if (stat(options->dest, &status) == 0) {
        if (S_ISDIR(status.st_mode) && is_occupied(options->dest))
            return error_set(
                error,
                "%s: a directory that is neither empty nor an OCI image layout; choose another with "
                "-o type=oci,dest=DIRECTORY",
                options->dest);
        cleanup_free char *blobs = xasprintf("%s/blobs/sha256", options->dest);
        int fd = open(blobs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            fd = open(options->dest, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd >= 0 ? fd : error_errno(error, errno, "%s", options->dest);
    }
    cleanup_free char *parent = NULL;
    path_split(options->dest, &parent, NULL);
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : error_errno(error, errno, "%s", parent);
}

static int copy_blob(int from, int blobs, const char *name, struct error *error)
{
    cleanup_tempfile struct tempfile copy = TEMPFILE_NONE;
    if (tempfile_open(&copy, blobs, name, error) < 0)
        return -1;
    cleanup_free char *chunk = xcalloc(1, CHUNK);
    for (off_t offset = 0;;) {
        ssize_t got = pread(from, chunk, CHUNK, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(error, errno, "%s: read", name);
        if (got == 0)
            break;
        if (write_all(copy.fd, chunk, (size_t)got, name, error) < 0)
            return -1;
        offset += got;
    }
    return tempfile_commit(&copy, name, error);
}

static bool same_filesystem(int left, int right)
{
    struct stat a;
    struct stat b;
    return fstat(left, &a) == 0 && fstat(right, &b) == 0 && a.st_dev == b.st_dev;
}

/* An O_TMPFILE can be linked into any directory of its filesystem; everything else is copied. */
static int commit_blob(struct tempfile *blob, int blobs, const char *name, struct error *error)
{
    if (blob->name != NULL || !same_filesystem(blob->fd, blobs))
        return copy_blob(blob->fd, blobs, name, error);
    int directory = fcntl(blobs, F_DUPFD_CLOEXEC, 0);
    if (directory < 0)
        return error_errno(error, errno, "%s", name);
    close(blob->dirfd);
    blob->dirfd = directory;
    return tempfile_commit(blob, name, error);
}

static bool stands_already(int blobs, const struct descriptor *descriptor)
{
    struct stat status;
    return fstatat(blobs, digest_hex(&descriptor->digest), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(status.st_mode) && (uint64_t)status.st_size == descriptor->size;
}

static int write_document(int blobs, const struct descriptor *descriptor, const char *text,
                          struct error *error)
{
    if (stands_already(blobs, descriptor))
        return 0;
    return file_replace(blobs, digest_hex(&descriptor->digest), text, strlen(text), error);
}

static int write_blobs(int blobs, struct new_image *image, struct error *error)
{
    for (size_t i = 0; i < image->layer_count; i++) {
        struct new_layer *layer = &image->layers[i];
        if (stands_already(blobs, &layer->descriptor))
            continue;
        if (layer->blob.fd < 0)
            return error_set(error, "layer %s: its blob is gone", layer->descriptor.digest.text);
        if (commit_blob(&layer->blob, blobs, digest_hex(&layer->descriptor.digest), error) < 0)
            return -1;
    }
    if (write_document(blobs, &image->config_descriptor, image->config, error) < 0)
        return -1;
    return write_document(blobs, &image->manifest_descriptor, image->manifest, error);
}

static int write_image(const struct output_options *options, struct new_image *image,
                       const struct strings *names, struct error *error)
{
    cleanup_index_names struct index_names entries = {0};
    if (index_names_of(names, &entries, error) < 0)
        return -1;
    cleanup_layout struct oci_layout layout = OCI_LAYOUT_NONE;
    if (oci_layout_create(&layout, options->dest, error) < 0)
        return -1;
    cleanup_close int blobs = oci_layout_blobs(&layout, error);
    if (blobs < 0)
        return -1;
    if (write_blobs(blobs, image, error) < 0)
        return error_prefix(error, "%s", options->dest);
    for (size_t i = 0; i < entries.count; i++)
        if (oci_layout_tag(&layout, &image->manifest_descriptor, image->platform, entries.items[i].tag,
                           entries.items[i].image_name, output_index_annotations(options), error) < 0)
            return -1;
    return 0;
}

DEFINE_OUTPUT(oci, .compression = COMPRESSION_GZIP, .takes_compressed = true, .takes_stdout = false,
              .takes_annotations = true, .blob_directory = blob_directory, .write = write_image);
