#include "runtime/storage/writable_layer.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"

#define NAME "the guest's own layer of a disk"

static int make_nameless(int directory, struct error *error)
{
    cleanup_tempfile struct tempfile file = TEMPFILE_NONE;
    if (tempfile_open(&file, directory, NAME, error) < 0)
        return -1;
    if (fchmod(file.fd, 0600) < 0)
        return error_errno(error, errno, NAME);
    return take_fd(file.fd);
}

/* ---- qcow2 ---- */

enum {
    CLUSTER_BITS = 16,
    CLUSTER = 1 << CLUSTER_BITS,
    REFCOUNT_ORDER = 4, /* 16 bits each */
    TABLE_ENTRIES = CLUSTER / 8,
    /* Clusters of the empty image. One cluster of each table is enough: MAX_SIZE. */
    HEADER_AT = 0,
    REFCOUNT_TABLE_AT = 1,
    REFCOUNT_BLOCK_AT = 2,
    L1_TABLE_AT = 3,
    CLUSTERS_USED = 4,
};
#define L1_ENTRY_BYTES ((uint64_t)TABLE_ENTRIES * CLUSTER) /* what an entry of the first table reaches */
#define MAX_SIZE       (TABLE_ENTRIES * L1_ENTRY_BYTES)

/* All fields are big-endian; version 3. */
struct qcow2_header {
    uint32_t magic;
    uint32_t version;
    uint64_t backing_file_offset;
    uint32_t backing_file_size;
    uint32_t cluster_bits;
    uint64_t size;
    uint32_t crypt_method;
    uint32_t l1_size;
    uint64_t l1_table_offset;
    uint64_t refcount_table_offset;
    uint32_t refcount_table_clusters;
    uint32_t nb_snapshots;
    uint64_t snapshots_offset;
    uint64_t incompatible_features;
    uint64_t compatible_features;
    uint64_t autoclear_features;
    uint32_t refcount_order;
    uint32_t header_length;
};
_Static_assert(sizeof(struct qcow2_header) == 104, "as the format has it");

static struct qcow2_header make_header(uint64_t size)
{
    uint64_t entries = (size + L1_ENTRY_BYTES - 1) / L1_ENTRY_BYTES;
    return (struct qcow2_header){
        .magic = htobe32(UINT32_C(0x514649fb)), /* "QFI\xfb" */
        .version = htobe32(3),
        .cluster_bits = htobe32(CLUSTER_BITS),
        .size = htobe64(size),
        .l1_size = htobe32((uint32_t)entries),
        .l1_table_offset = htobe64((uint64_t)L1_TABLE_AT * CLUSTER),
        .refcount_table_offset = htobe64((uint64_t)REFCOUNT_TABLE_AT * CLUSTER),
        .refcount_table_clusters = htobe32(1),
        .refcount_order = htobe32(REFCOUNT_ORDER),
        .header_length = htobe32(sizeof(struct qcow2_header)),
    };
}

int writable_layer_qcow2(int directory, uint64_t size, struct error *error)
{
    if (size == 0 || size > MAX_SIZE)
        return error_set(error, NAME ": a disk of %" PRIu64 " bytes", size);
    const struct qcow2_header header = make_header(size);
    const uint64_t block = htobe64((uint64_t)REFCOUNT_BLOCK_AT * CLUSTER);
    uint16_t counts[CLUSTERS_USED];
    for (size_t i = 0; i < CLUSTERS_USED; i++)
        counts[i] = htobe16(1);
    cleanup_close int fd = make_nameless(directory, error);
    if (fd < 0)
        return -1;
    if (ftruncate(fd, (off_t)CLUSTERS_USED * CLUSTER) < 0)
        return error_errno(error, errno, NAME);
    if (pwrite_all(fd, &header, sizeof header, HEADER_AT, NAME, error) < 0 ||
        pwrite_all(fd, &block, sizeof block, (off_t)REFCOUNT_TABLE_AT * CLUSTER, NAME, error) < 0 ||
        pwrite_all(fd, counts, sizeof counts, (off_t)REFCOUNT_BLOCK_AT * CLUSTER, NAME, error) < 0)
        return -1;
    return take_fd(fd);
}

/* ---- a copy ---- */

static bool copy_range(int from, int to, off_t start, off_t end)
{
    if (lseek(to, start, SEEK_SET) < 0)
        return false;
    while (start < end) {
        ssize_t sent = sendfile(to, from, &start, (size_t)(end - start));
        if (sent == 0 || (sent < 0 && errno != EINTR))
            return false;
    }
    return true;
}

static bool copy_data(int from, int to, off_t size)
{
    off_t start = 0, end = 0;
    if (ftruncate(to, size) < 0)
        return false;
    while ((start = lseek(from, end, SEEK_DATA)) >= 0) {
        end = lseek(from, start, SEEK_HOLE);
        if (end < 0 || !copy_range(from, to, start, end))
            return false;
    }
    return errno == ENXIO; /* no data behind that */
}

int writable_layer_copy(int directory, int file, struct error *error)
{
    struct stat status;
    cleanup_close int fd = make_nameless(directory, error);
    if (fd < 0)
        return -1;
    if (fstat(file, &status) < 0)
        return error_errno(error, errno, NAME);
    if (ioctl(fd, FICLONE, file) < 0 && !copy_data(file, fd, status.st_size))
        return error_errno(error, errno, NAME);
    return take_fd(fd);
}

int writable_layer_link(int directory, int fd, struct tempfile *file, struct error *error)
{
    char source[64];
    cleanup_tempfile struct tempfile named = TEMPFILE_NONE;
    cleanup_free char *name = temporary_name(error);
    named.dirfd = name != NULL ? fcntl(directory, F_DUPFD_CLOEXEC, 0) : -1;
    if (named.dirfd < 0)
        return error_errno(error, errno, NAME);
    /* Held by whoever holds the file: what has no holder any more is removed (cached_images_trim). */
    snprintf(source, sizeof source, "/proc/self/fd/%d", fd);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 || linkat(AT_FDCWD, source, directory, name, AT_SYMLINK_FOLLOW) < 0)
        return error_errno(error, errno, NAME);
    named.name = take_pointer(name);
    *file = take(named, TEMPFILE_NONE);
    return 0;
}
