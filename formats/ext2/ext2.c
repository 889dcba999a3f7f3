/* ext2 images: superblock and tables through libext2fs, inodes and data written in order. See
 * internal.h. */
#include "formats/ext2/ext2.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/ext2/internal.h"
#include "formats/tree/content.h"

/* An image while it is written. */
struct writer {
    int fd;
    const char *name;
    const struct ext2_options *options;
    struct ext2_plan plan;
    struct ext2_geometry geometry;
    ext2_filsys fs;
    struct ext2_image image;
    uint64_t table_offset; /* of the inode table block in `table`, bytes; 0: none */
    _Alignas(struct ext2_inode_large) char table[EXT2_BLOCK];
    char *small; /* EXT2_SMALL bytes; owned */
};

static int ext2_error(struct error *error, const char *name, const char *what, errcode_t code)
{
    initialize_ext2_error_table(); /* makes error_message know libext2fs's codes; does nothing the second time
                                    */
    return error_set(error, "%s: %s: %s", name, what, error_message(code));
}

/* ---- the superblock ---- */

static int check_options(int fd, const char *name, const struct ext2_options *options, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
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
static void fill_superblock(struct writer *writer)
{
    const struct ext2_options *options = writer->options;
    struct ext2_super_block *super = writer->fs->super;
    uint32_t now = (uint32_t)options->time;
    writer->fs->now = options->time;
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

/* An ext2 filesystem without any inode but the reserved ones. */
static int make_filesystem(struct writer *writer, struct error *error)
{
    off_t size = (off_t)writer->geometry.blocks * EXT2_BLOCK;
    if (!writer->options->size_is_extra && writer->options->size > (uint64_t)size)
        size = (off_t)writer->options->size;
    if (ftruncate(writer->fd, size) < 0)
        return error_errno(error, errno, "%s: cannot be made %" PRId64 " bytes large", writer->name,
                           (int64_t)size);
    struct ext2_super_block parameters = {
        .s_rev_level = EXT2_DYNAMIC_REV,
        .s_log_block_size = 2, /* 1024 << 2 */
        .s_log_cluster_size = 2,
        .s_inode_size = EXT2_INODE_BYTES,
        .s_blocks_count = writer->geometry.blocks,
        .s_inodes_count = writer->geometry.inodes,
        .s_feature_compat = EXT2_FEATURE_COMPAT_EXT_ATTR,
        .s_feature_incompat = EXT2_FEATURE_INCOMPAT_FILETYPE,
        .s_feature_ro_compat = EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE,
    };
    /* unixfd_io_manager takes the number of a descriptor for a name, and closes it at the end. */
    cleanup_close int copy = fcntl(writer->fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return error_errno(error, errno, "%s", writer->name);
    char number[12];
    snprintf(number, sizeof number, "%d", copy);
    errcode_t code = ext2fs_initialize(number, EXT2_FLAG_64BITS, &parameters, unixfd_io_manager, &writer->fs);
    if (code != 0)
        return ext2_error(error, writer->name, "cannot be laid out as ext2", code);
    take_fd(copy);
    fill_superblock(writer);
    code = ext2fs_allocate_tables(writer->fs);
    if (code != 0)
        return ext2_error(error, writer->name, "cannot be laid out as ext2", code);
    if (ext2fs_free_blocks_count(writer->fs->super) < writer->plan.blocks)
        return error_set(error, "%s: %" PRIu64 " blocks are free where %" PRIu64 " are needed", writer->name,
                         (uint64_t)ext2fs_free_blocks_count(writer->fs->super), writer->plan.blocks);
    for (ext2_ino_t reserved = 1; reserved < EXT2_FIRST_FREE_INODE; reserved++)
        if (reserved != EXT2_ROOT_INO)
            ext2fs_inode_alloc_stats2(writer->fs, reserved, +1, 0);
    return 0;
}

/* ---- inodes ---- */

static int flush_table(struct writer *writer, struct error *error)
{
    if (writer->table_offset == 0)
        return 0;
    return pwrite_all(writer->fd, writer->table, EXT2_BLOCK, (off_t)writer->table_offset, writer->name,
                      error);
}

/* The record of an inode in its table, all zeros. Numbers come in ascending order. */
static int inode_record(struct writer *writer, uint32_t number, struct ext2_inode_large **record,
                        struct error *error)
{
    uint32_t per_group = writer->fs->super->s_inodes_per_group;
    uint32_t group = (number - 1) / per_group, in_group = (number - 1) % per_group;
    uint64_t block = ext2fs_inode_table_loc(writer->fs, group) + in_group / EXT2_INODES_A_BLOCK;
    if (block * EXT2_BLOCK != writer->table_offset) {
        if (flush_table(writer, error) < 0)
            return -1;
        memset(writer->table, 0, EXT2_BLOCK);
        writer->table_offset = block * EXT2_BLOCK;
    }
    size_t in_block = in_group % EXT2_INODES_A_BLOCK;
    *record = (struct ext2_inode_large *)(writer->table + in_block * EXT2_INODE_BYTES);
    return 0;
}

/* ext4's encoding: the low 32 bits, signed, and two more bits above them in the extra field. */
static void set_times(struct ext2_inode_large *record, int64_t time)
{
    uint32_t low = (uint32_t)time;
    uint32_t epoch = (uint32_t)((time - (int32_t)low) >> 32) & 3;
    record->i_atime = record->i_ctime = record->i_mtime = record->i_crtime = htole32(low);
    record->i_atime_extra = record->i_ctime_extra = record->i_mtime_extra = record->i_crtime_extra =
        htole32(epoch);
}

static void set_device(struct ext2_map *map, dev_t device)
{
    uint32_t high = major(device), low = minor(device);
    if (high < 256 && low < 256)
        map->i_block[0] = high << 8 | low;
    else /* Linux's new_encode_dev; i_block[0] stays 0 */
        map->i_block[1] = (low & 0xff) | high << 8 | (low & ~(uint32_t)0xff) << 12;
}

static int write_record(struct writer *writer, uint32_t index, uint64_t size, const struct ext2_map *map,
                        const char *inline_target, struct error *error)
{
    const struct ext2_file *file = &writer->plan.files[index];
    const struct inode *inode = file->inode;
    struct ext2_inode_large *record;
    if (inode_record(writer, ext2_number(index), &record, error) < 0)
        return -1;
    record->i_mode = htole16((uint16_t)inode->mode);
    record->i_uid = htole16((uint16_t)inode->uid);
    record->osd2.linux2.l_i_uid_high = htole16((uint16_t)(inode->uid >> 16));
    record->i_gid = htole16((uint16_t)inode->gid);
    record->osd2.linux2.l_i_gid_high = htole16((uint16_t)(inode->gid >> 16));
    record->i_size = htole32((uint32_t)size);
    record->i_size_high = htole32((uint32_t)(size >> 32));
    record->i_links_count = htole16((uint16_t)file->links);
    record->i_blocks = htole32(map->blocks * (EXT2_BLOCK / 512));
    record->i_extra_isize = htole16(sizeof(struct ext2_inode_large) - EXT2_GOOD_OLD_INODE_SIZE);
    set_times(record, inode->mtime);
    for (size_t i = 0; i < EXT2_N_BLOCKS; i++)
        record->i_block[i] = htole32(map->i_block[i]);
    if (inline_target != NULL)
        memcpy(record->i_block, inline_target, size);
    ext2fs_inode_alloc_stats2(writer->fs, ext2_number(index), +1, S_ISDIR(inode->mode));
    return 0;
}

/* ---- data ---- */

/* Where a file's bytes come from: memory, or a descriptor. */
struct source {
    const char *name;
    const char *memory;
    int fd;
    uint64_t size; /* bytes */
};

static int read_at(const struct source *source, char *room, size_t length, uint64_t offset,
                   struct error *error)
{
    if (source->memory == NULL)
        return ext2_read(source->fd, room, length, offset, source->name, error);
    memcpy(room, source->memory + offset, length);
    return 0;
}

/* Fills `count` blocks at `block` with the file's blocks from `logical` on. */
static int copy_blocks(struct ext2_image *image, const struct source *source, uint32_t logical,
                       uint32_t block, uint32_t count, struct error *error)
{
    while (count > 0) {
        char *room;
        uint32_t granted;
        if (ext2_image_room(image, block, count, &room, &granted, error) < 0)
            return -1;
        uint64_t offset = (uint64_t)logical * EXT2_BLOCK, left = source->size - offset;
        size_t length = (size_t)granted * EXT2_BLOCK;
        size_t have = left < length ? (size_t)left : length;
        if (read_at(source, room, have, offset, error) < 0)
            return -1;
        memset(room + have, 0, length - have);
        logical += granted;
        block += granted;
        count -= granted;
    }
    return 0;
}

static int copy_runs(struct ext2_map *map, const struct source *source, const struct ext2_run *runs,
                     uint32_t run_count, struct error *error)
{
    for (uint32_t i = 0; i < run_count; i++) {
        uint32_t logical = runs[i].first, left = runs[i].count;
        while (left > 0) {
            uint32_t block, granted;
            if (ext2_map_add(map, logical, left, &block, &granted, error) < 0 ||
                copy_blocks(map->image, source, logical, block, granted, error) < 0)
                return -1;
            logical += granted;
            left -= granted;
        }
    }
    return ext2_map_finish(map, error);
}

/* The plan found the holes already; the data is read anew, and has to be what it was. */
static int copy_large(struct ext2_map *map, const struct ext2_file *file, struct error *error)
{
    const struct content *content = file->inode->content;
    struct source source = {content_name(content), content_memory(content), -1, content_size(content)};
    if (source.memory != NULL)
        return copy_runs(map, &source, file->runs, file->run_count, error);
    cleanup_close int fd = content_open(content, error);
    if (fd < 0)
        return -1;
    source.fd = fd;
    if (copy_runs(map, &source, file->runs, file->run_count, error) < 0)
        return -1;
    return content_unchanged(content, fd, error);
}

static int read_small(struct writer *writer, const struct content *content, struct error *error)
{
    cleanup_close int fd = content_open(content, error);
    if (fd < 0 || ext2_read(fd, writer->small, content_size(content), 0, content_name(content), error) < 0)
        return -1;
    return content_unchanged(content, fd, error);
}

/* Read once: its holes are found in memory. */
static int copy_small(struct writer *writer, struct ext2_map *map, struct ext2_file *file,
                      struct error *error)
{
    const struct content *content = file->inode->content;
    struct source source = {content_name(content), content_memory(content), -1, content_size(content)};
    if (source.memory == NULL) {
        if (read_small(writer, content, error) < 0)
            return -1;
        source.memory = writer->small;
    }
    ext2_scan_bytes(file, source.memory, source.size);
    return copy_runs(map, &source, file->runs, file->run_count, error);
}

static int write_regular(struct writer *writer, uint32_t index, struct ext2_map *map, struct error *error)
{
    struct ext2_file *file = &writer->plan.files[index];
    uint64_t size = file->inode->content != NULL ? content_size(file->inode->content) : 0;
    int result = 0;
    if (size > EXT2_SMALL)
        result = copy_large(map, file, error);
    else if (size > 0)
        result = copy_small(writer, map, file, error);
    return result < 0 ? -1 : write_record(writer, index, size, map, NULL, error);
}

static int write_directory(struct writer *writer, uint32_t index, struct ext2_map *map, struct error *error)
{
    uint32_t count = ext2_directory_blocks(writer->plan.files[index].inode);
    size_t next_child = 0;
    for (uint32_t logical = 0; logical < count; logical++) {
        uint32_t block, granted;
        char *room;
        if (ext2_map_add(map, logical, 1, &block, &granted, error) < 0 ||
            ext2_image_room(map->image, block, 1, &room, &granted, error) < 0)
            return -1;
        ext2_directory_fill(&writer->plan, index, logical == 0, &next_child, room);
    }
    if (ext2_map_finish(map, error) < 0)
        return -1;
    return write_record(writer, index, (uint64_t)count * EXT2_BLOCK, map, NULL, error);
}

static int write_symlink(struct writer *writer, uint32_t index, struct ext2_map *map, struct error *error)
{
    const char *target = writer->plan.files[index].inode->target;
    size_t length = strlen(target);
    if (length < EXT2_INLINE_TARGET)
        return write_record(writer, index, length, map, target, error);
    if (length >= PATH_MAX)
        return error_set(error, "a symlink to a path of %zu bytes; ext2 holds at most %d", length,
                         PATH_MAX - 1);
    const struct source source = {.memory = target, .fd = -1, .size = length};
    if (copy_runs(map, &source, &(struct ext2_run){0, 1}, 1, error) < 0)
        return -1;
    return write_record(writer, index, length, map, NULL, error);
}

static int write_inode(struct writer *writer, uint32_t index, struct error *error)
{
    const struct inode *inode = writer->plan.files[index].inode;
    struct ext2_map map;
    ext2_map_init(&map, &writer->image);
    if (inode->mtime < INT32_MIN || inode->mtime > INT32_MAX + 3 * (INT64_C(1) << 32))
        return error_set(error, "its time, %" PRId64 ", does not fit into an ext2 inode", inode->mtime);
    switch (inode->mode & S_IFMT) {
    case S_IFREG:
        return write_regular(writer, index, &map, error);
    case S_IFDIR:
        return write_directory(writer, index, &map, error);
    case S_IFLNK:
        return write_symlink(writer, index, &map, error);
    case S_IFCHR:
    case S_IFBLK:
        set_device(&map, inode->device);
        break;
    default:
        break;
    }
    return write_record(writer, index, 0, &map, NULL, error);
}

static int write_inodes(struct writer *writer, struct error *error)
{
    for (uint32_t i = 0; i < writer->plan.count; i++) {
        if (write_inode(writer, i, error) < 0) {
            cleanup_free char *path = ext2_plan_path(&writer->plan, i);
            return error_prefix(error, "%s", path);
        }
    }
    if (flush_table(writer, error) < 0)
        return -1;
    return ext2_image_finish(&writer->image, error);
}

/* ---- xattrs ---- */

static errcode_t set_xattrs(ext2_filsys fs, uint32_t number, const struct inode *inode, const char **which)
{
    struct ext2_xattr_handle *handle;
    *which = "xattrs";
    errcode_t code = ext2fs_xattrs_open(fs, number, &handle);
    if (code != 0)
        return code;
    code = ext2fs_xattrs_read(handle);
    for (size_t i = 0; i < inode->xattr_count && code == 0; i++) {
        *which = inode->xattrs[i].name;
        code = ext2fs_xattr_set(handle, *which, inode->xattrs[i].value, inode->xattrs[i].length);
    }
    errcode_t closed = ext2fs_xattrs_close(&handle);
    return code != 0 ? code : closed;
}

static int write_xattrs(struct writer *writer, struct error *error)
{
    for (uint32_t i = 0; i < writer->plan.count; i++) {
        const struct inode *inode = writer->plan.files[i].inode;
        const char *which;
        if (inode->xattr_count == 0)
            continue;
        errcode_t code = set_xattrs(writer->fs, ext2_number(i), inode, &which);
        if (code != 0) {
            cleanup_free char *path = ext2_plan_path(&writer->plan, i);
            return ext2_error(error, path, which, code);
        }
    }
    return 0;
}

/* ---- the whole ---- */

/* libext2fs stamps the superblock with the clock where the time it was given is 0, so all its copies are
 * stamped once more. */
static int stamp_superblocks(struct writer *writer, uint32_t groups, struct error *error)
{
    uint32_t time = htole32((uint32_t)writer->options->time);
    for (uint32_t group = 0; group < groups; group++) {
        if (!ext2_group_has_super(group))
            continue;
        off_t super = group == 0 ? SUPERBLOCK_OFFSET : (off_t)group * EXT2_GROUP_BLOCKS * EXT2_BLOCK;
        if (pwrite_all(writer->fd, &time, sizeof time,
                       super + (off_t)offsetof(struct ext2_super_block, s_wtime), writer->name, error) < 0)
            return -1;
    }
    return 0;
}

static int close_filesystem(struct writer *writer, struct error *error)
{
    uint32_t groups = writer->fs->group_desc_count;
    if (ext2_identify(&writer->plan, writer->options, writer->fs->super, error) < 0)
        return -1;
    /* Whoever gives the file its name syncs it. */
    errcode_t code = ext2fs_close2(writer->fs, EXT2_FLAG_FLUSH_NO_SYNC);
    if (code != 0)
        return ext2_error(error, writer->name, "cannot be written", code);
    writer->fs = NULL;
    return stamp_superblocks(writer, groups, error);
}

static void writer_free(struct writer *writer)
{
    ext2_image_free(&writer->image);
    if (writer->fs != NULL)
        ext2fs_free(writer->fs);
    ext2_plan_free(&writer->plan);
    free(writer->small);
}

int ext2_write(struct inode *root, int fd, const char *name, const struct ext2_options *options,
               struct error *error)
{
    __attribute__((cleanup(writer_free))) struct writer writer = {
        .fd = fd, .name = name, .options = options, .small = xreallocarray(NULL, 1, EXT2_SMALL)};
    if (check_options(fd, name, options, error) < 0 || ext2_plan_make(&writer.plan, root, error) < 0 ||
        ext2_geometry_choose(&writer.plan, options, name, &writer.geometry, error) < 0 ||
        make_filesystem(&writer, error) < 0 || ext2_image_init(&writer.image, writer.fs, fd, name, error) < 0)
        return -1;
    if (write_inodes(&writer, error) < 0 || write_xattrs(&writer, error) < 0)
        return -1;
    return close_filesystem(&writer, error);
}
