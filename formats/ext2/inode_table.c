#include "formats/ext2/inode_table.h"

#include <endian.h>
#include <inttypes.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "formats/base/file.h"

int ext2_inode_table_finish(struct ext2_inode_table *table, struct error *error)
{
    if (table->offset == 0)
        return 0;
    return pwrite_all(table->filesystem->fd, table->block, EXT2_BLOCK, (off_t)table->offset,
                      table->filesystem->name, error);
}

/* The record of an inode in its table, all zeros. Numbers come in ascending order. */
static int find_record(struct ext2_inode_table *table, uint32_t number, struct ext2_inode_large **record,
                       struct error *error)
{
    uint32_t per_group = table->filesystem->fs->super->s_inodes_per_group;
    uint32_t group = (number - 1) / per_group, in_group = (number - 1) % per_group;
    uint64_t block = ext2fs_inode_table_loc(table->filesystem->fs, group) + in_group / EXT2_INODES_A_BLOCK;
    if (block * EXT2_BLOCK != table->offset) {
        if (ext2_inode_table_finish(table, error) < 0)
            return -1;
        memset(table->block, 0, EXT2_BLOCK);
        table->offset = block * EXT2_BLOCK;
    }
    size_t in_block = in_group % EXT2_INODES_A_BLOCK;
    *record = (struct ext2_inode_large *)(table->block + in_block * EXT2_INODE_BYTES);
    return 0;
}

/* ext4's encoding: the low 32 bits, signed, and two more bits above them in the extra field. */
static void set_times(struct ext2_inode_large *on_disk, int64_t time)
{
    uint32_t low = (uint32_t)time;
    uint32_t epoch = (uint32_t)((time - (int32_t)low) >> 32) & 3;
    on_disk->i_atime = on_disk->i_ctime = on_disk->i_mtime = on_disk->i_crtime = htole32(low);
    on_disk->i_atime_extra = on_disk->i_ctime_extra = on_disk->i_mtime_extra = on_disk->i_crtime_extra =
        htole32(epoch);
}

int ext2_map_set_device(struct ext2_map *map, dev_t device, struct error *error)
{
    uint32_t high = major(device), low = minor(device);
    if (high >= 1U << 12 || low >= 1U << 20)
        return error_set(error, "the device number %u:%u does not fit into an ext2 inode", high, low);
    if (high < 256 && low < 256)
        map->i_block[0] = high << 8 | low;
    else /* Linux's new_encode_dev; i_block[0] stays 0 */
        map->i_block[1] = (low & 0xff) | high << 8 | (low & ~(uint32_t)0xff) << 12;
    return 0;
}

int ext2_inode_table_add(struct ext2_inode_table *table, const struct inode *inode,
                         const struct ext2_record *record, struct error *error)
{
    if (inode->mtime < INT32_MIN || inode->mtime > INT32_MAX + 3 * (INT64_C(1) << 32))
        return error_set(error, "its time, %" PRId64 ", does not fit into an ext2 inode", inode->mtime);
    struct ext2_inode_large *on_disk;
    if (find_record(table, record->number, &on_disk, error) < 0)
        return -1;
    on_disk->i_mode = htole16((uint16_t)inode->mode);
    on_disk->i_uid = htole16((uint16_t)inode->uid);
    on_disk->osd2.linux2.l_i_uid_high = htole16((uint16_t)(inode->uid >> 16));
    on_disk->i_gid = htole16((uint16_t)inode->gid);
    on_disk->osd2.linux2.l_i_gid_high = htole16((uint16_t)(inode->gid >> 16));
    on_disk->i_size = htole32((uint32_t)record->size);
    on_disk->i_size_high = htole32((uint32_t)(record->size >> 32));
    on_disk->i_links_count = htole16((uint16_t)record->links);
    on_disk->i_blocks = htole32(record->map->blocks * (EXT2_BLOCK / 512));
    on_disk->i_extra_isize = htole16(sizeof(struct ext2_inode_large) - EXT2_GOOD_OLD_INODE_SIZE);
    set_times(on_disk, inode->mtime);
    for (size_t i = 0; i < EXT2_N_BLOCKS; i++)
        on_disk->i_block[i] = htole32(record->map->i_block[i]);
    if (record->inline_target != NULL)
        memcpy(on_disk->i_block, record->inline_target, record->size);
    ext2fs_inode_alloc_stats2(table->filesystem->fs, record->number, +1, S_ISDIR(inode->mode));
    return 0;
}
