/*
 * How an ext2 image is made.
 *
 * 1. plan.c numbers the inodes.
 * 2. measure.c counts the blocks that are needed. For that, runs.c reads the large files and finds which of
 * their blocks hold anything: an image depends on what files contain, not on whether the filesystem they lie
 * on keeps holes. Small files are taken to be full for now.
 * 3. geometry.c chooses the number of blocks and inodes.
 * 4. superblock.c has libext2fs lay out superblock, group descriptors, bitmaps and inode tables.
 * 5. This file writes inode after inode: file_data.c and directory.c the data, block_map.c the indirect
 * blocks that lead to it (block_route.c says which), all of it through block_writer.c, which hands out the
 * free blocks one after another; then inode_table.c the inode itself.
 * 6. xattrs.c has libext2fs write extended attributes, identity.c makes UUID and hash seed of what is there
 * by now, and superblock.c closes the image.
 */
#include "formats/ext2/ext2.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/ext2/block_writer.h"
#include "formats/ext2/directory.h"
#include "formats/ext2/file_data.h"
#include "formats/ext2/geometry.h"
#include "formats/ext2/identity.h"
#include "formats/ext2/inode_table.h"
#include "formats/ext2/measure.h"
#include "formats/ext2/plan.h"
#include "formats/ext2/superblock.h"
#include "formats/ext2/xattrs.h"

/* An image while it is written. */
struct writer {
    struct ext2_plan plan;
    struct ext2_filesystem filesystem;
    struct ext2_block_writer blocks;
    struct ext2_inode_table inodes;
    char *buffer; /* EXT2_SMALL bytes; owned */
};

/* Writes what a regular file holds; *size is its size in bytes. */
static int write_regular(struct writer *writer, struct ext2_file *file, struct ext2_map *map, uint64_t *size,
                         struct error *error)
{
    const struct content *content = file->inode->content;
    *size = content != NULL ? content_size(content) : 0;
    return *size > 0 ? ext2_file_data_write(map, content, &file->runs, writer->buffer, error) : 0;
}

static int write_symlink(struct ext2_map *map, const char *target, struct ext2_record *record,
                         struct error *error)
{
    record->size = strlen(target);
    if (record->size < EXT2_INLINE_TARGET) {
        record->inline_target = target;
        return 0;
    }
    if (record->size >= PATH_MAX)
        return error_set(error, "a symlink to a path of %" PRIu64 " bytes; ext2 holds at most %d",
                         record->size, PATH_MAX - 1);
    return ext2_target_write(map, target, error);
}

static int write_directory(struct writer *writer, uint32_t index, struct ext2_map *map, uint64_t *size,
                           struct error *error)
{
    *size = (uint64_t)ext2_directory_blocks(writer->plan.files[index].inode) * EXT2_BLOCK;
    return ext2_directory_write(&writer->plan, index, map, error);
}

static int write_inode(struct writer *writer, uint32_t index, struct error *error)
{
    struct ext2_file *file = &writer->plan.files[index];
    const struct inode *inode = file->inode;
    struct ext2_map map;
    struct ext2_record record = {.number = ext2_number(index), .links = file->links, .map = &map};
    int result = 0;
    ext2_map_init(&map, &writer->blocks);
    if (S_ISREG(inode->mode))
        result = write_regular(writer, file, &map, &record.size, error);
    else if (S_ISDIR(inode->mode))
        result = write_directory(writer, index, &map, &record.size, error);
    else if (S_ISLNK(inode->mode))
        result = write_symlink(&map, inode->target, &record, error);
    else if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
        result = ext2_map_set_device(&map, inode->device, error);
    return result < 0 ? -1 : ext2_inode_table_add(&writer->inodes, inode, &record, error);
}

static int write_inodes(struct writer *writer, struct error *error)
{
    for (uint32_t i = 0; i < writer->plan.count; i++) {
        if (write_inode(writer, i, error) < 0) {
            cleanup_free char *path = ext2_plan_path(&writer->plan, i);
            return error_prefix(error, "%s", path);
        }
    }
    if (ext2_inode_table_finish(&writer->inodes, error) < 0)
        return -1;
    return ext2_block_writer_finish(&writer->blocks, error);
}

/* Steps 2 to 4. */
static int lay_out(struct writer *writer, struct error *error)
{
    struct ext2_filesystem *filesystem = &writer->filesystem;
    struct ext2_need need = {.inodes = ext2_number(writer->plan.count - 1)};
    struct ext2_geometry geometry;
    if (ext2_measure(&writer->plan, &need.blocks, error) < 0 ||
        ext2_geometry_choose(&need, filesystem->options, filesystem->name, &geometry, error) < 0 ||
        ext2_filesystem_make(filesystem, &geometry, error) < 0)
        return -1;
    uint64_t free_blocks = ext2fs_free_blocks_count(filesystem->fs->super);
    if (free_blocks < need.blocks)
        return error_set(error, "%s: %" PRIu64 " blocks are free where %" PRIu64 " are needed",
                         filesystem->name, free_blocks, need.blocks);
    return 0;
}

static void writer_free(struct writer *writer)
{
    ext2_block_writer_free(&writer->blocks);
    ext2_filesystem_free(&writer->filesystem);
    ext2_plan_free(&writer->plan);
    free(writer->buffer);
}

int ext2_write(struct inode *root, int fd, const char *name, const struct ext2_options *options,
               struct error *error)
{
    __attribute__((cleanup(writer_free))) struct writer writer = {
        .filesystem = {.fd = fd, .name = name, .options = options},
        .inodes.filesystem = &writer.filesystem,
        .buffer = xreallocarray(NULL, 1, EXT2_SMALL),
    };
    if (ext2_filesystem_check(&writer.filesystem, error) < 0 ||
        ext2_plan_make(&writer.plan, root, error) < 0 || lay_out(&writer, error) < 0 ||
        ext2_block_writer_init(&writer.blocks, &writer.filesystem, error) < 0 ||
        write_inodes(&writer, error) < 0 || ext2_xattrs_write(&writer.filesystem, &writer.plan, error) < 0 ||
        ext2_identify(&writer.plan, options, writer.filesystem.fs->super, error) < 0)
        return -1;
    return ext2_filesystem_close(&writer.filesystem, error);
}
