#include "formats/ext2/superblock.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/ext2/format.h"

int ext2_failed(const char *name, const char *what, errcode_t code, struct error *error)
{
    /* Makes error_message know libext2fs's codes; does nothing the second time. */
    initialize_ext2_error_table();
    return error_set(error, "%s: %s: %s", name, what, error_message(code));
}

int ext2_filesystem_check(const struct ext2_filesystem *filesystem, struct error *error)
{
    const char *name = filesystem->name;
    const struct ext2_options *options = filesystem->options;
    struct stat status;
    if (fstat(filesystem->fd, &status) < 0)
        return error_errno(error, errno, "%s", name);
    if (!S_ISREG(status.st_mode) || status.st_size != 0)
        return error_set(error, "%s: not an empty file", name);
    if (options->time < 0 || options->time > UINT32_MAX)
        return error_set(error, "%s: the time %" PRId64 " does not fit into an ext2 superblock", name,
                         options->time);
    if (options->label != NULL &&
        strlen(options->label) > sizeof((struct ext2_super_block *)0)->s_volume_name)
        return error_set(error, "%s: the label \"%s\" is longer than 16 bytes", name, options->label);
    if (options->mount_point != NULL &&
        strlen(options->mount_point) >= sizeof((struct ext2_super_block *)0)->s_last_mounted)
        return error_set(error, "%s: the mount point \"%s\" is longer than 63 bytes", name,
                         options->mount_point);
    return 0;
}

/* Sets every field that libext2fs would take from the clock, the environment or the build host. */
static void fill_superblock(struct ext2_filesystem *filesystem)
{
    const struct ext2_options *options = filesystem->options;
    struct ext2_super_block *super = filesystem->fs->super;
    uint32_t now = (uint32_t)options->time;
    filesystem->fs->now = options->time;
    super->s_mkfs_time = super->s_wtime = super->s_lastcheck = now;
    super->s_mtime = 0;
    super->s_mnt_count = 0;
    super->s_max_mnt_count = -1; /* never check because of a count */
    super->s_checkinterval = 0;
    super->s_errors = EXT2_ERRORS_CONTINUE;
    super->s_creator_os = EXT2_OS_LINUX;
    super->s_default_mount_opts = EXT2_DEFM_XATTR_USER | EXT2_DEFM_ACL; /* as mke2fs.conf has it */
    super->s_def_hash_version = EXT2_HASH_HALF_MD4;
    super->s_flags = EXT2_FLAGS_SIGNED_HASH;
    super->s_kbytes_written = 0;
    if (options->label != NULL)
        memcpy(super->s_volume_name, options->label, strnlen(options->label, sizeof super->s_volume_name));
    if (options->mount_point != NULL)
        memcpy(super->s_last_mounted, options->mount_point, strlen(options->mount_point));
}

int ext2_filesystem_make(struct ext2_filesystem *filesystem, const struct ext2_geometry *geometry,
                         struct error *error)
{
    off_t size = (off_t)geometry->blocks * EXT2_BLOCK;
    if (!filesystem->options->size_is_extra && filesystem->options->size > (uint64_t)size)
        size = (off_t)filesystem->options->size;
    if (ftruncate(filesystem->fd, size) < 0)
        return error_errno(error, errno, "%s: cannot be made %" PRId64 " bytes large", filesystem->name,
                           (int64_t)size);
    struct ext2_super_block parameters = {
        .s_rev_level = EXT2_DYNAMIC_REV,
        .s_log_block_size = 2, /* 1024 << 2 */
        .s_log_cluster_size = 2,
        .s_inode_size = EXT2_INODE_BYTES,
        .s_blocks_count = geometry->blocks,
        .s_inodes_count = geometry->inodes,
        .s_feature_compat = EXT2_FEATURE_COMPAT_EXT_ATTR,
        .s_feature_incompat = EXT2_FEATURE_INCOMPAT_FILETYPE,
        .s_feature_ro_compat = EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE,
    };
    /* unixfd_io_manager takes the number of a descriptor for a name, and closes it at the end. */
    cleanup_close int copy = fcntl(filesystem->fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return error_errno(error, errno, "%s", filesystem->name);
    char number[12];
    snprintf(number, sizeof number, "%d", copy);
    errcode_t code =
        ext2fs_initialize(number, EXT2_FLAG_64BITS, &parameters, unixfd_io_manager, &filesystem->fs);
    if (code != 0)
        return ext2_failed(filesystem->name, "cannot be laid out as ext2", code, error);
    take_fd(copy);
    fill_superblock(filesystem);
    code = ext2fs_allocate_tables(filesystem->fs);
    if (code != 0)
        return ext2_failed(filesystem->name, "cannot be laid out as ext2", code, error);
    for (ext2_ino_t reserved = 1; reserved < EXT2_FIRST_FREE_INODE; reserved++)
        if (reserved != EXT2_ROOT_INO)
            ext2fs_inode_alloc_stats2(filesystem->fs, reserved, +1, 0);
    return 0;
}

/* libext2fs stamps the superblock with the clock where the time it was given is 0, so all its copies are
 * stamped once more. */
static int stamp_superblocks(const struct ext2_filesystem *filesystem, uint32_t groups, struct error *error)
{
    uint32_t time = htole32((uint32_t)filesystem->options->time);
    for (uint32_t group = 0; group < groups; group++) {
        if (!ext2_group_has_super(group))
            continue;
        off_t super = group == 0 ? SUPERBLOCK_OFFSET : (off_t)group * EXT2_GROUP_BLOCKS * EXT2_BLOCK;
        if (pwrite_all(filesystem->fd, &time, sizeof time,
                       super + (off_t)offsetof(struct ext2_super_block, s_wtime), filesystem->name,
                       error) < 0)
            return -1;
    }
    return 0;
}

int ext2_filesystem_close(struct ext2_filesystem *filesystem, struct error *error)
{
    uint32_t groups = filesystem->fs->group_desc_count;
    errcode_t code = ext2fs_close2(filesystem->fs, EXT2_FLAG_FLUSH_NO_SYNC);
    if (code != 0)
        return ext2_failed(filesystem->name, "cannot be written", code, error);
    filesystem->fs = NULL;
    return stamp_superblocks(filesystem, groups, error);
}

void ext2_filesystem_free(struct ext2_filesystem *filesystem)
{
    if (filesystem->fs != NULL)
        ext2fs_free(filesystem->fs);
    filesystem->fs = NULL;
}
