#include "formats/ext2/directory.h"

#include <endian.h>
#include <string.h>

/* Blocks are linear lists of entries in the order of the names, each padded to 4 bytes and the last to the
 * block's end. */
enum { ENTRY_HEADER = 8 };

static uint32_t entry_size(size_t name_length)
{
    return (uint32_t)((ENTRY_HEADER + name_length + 3) & ~(size_t)3);
}

/* "." and "..", which stand first. */
enum { DOTS_SIZE = 2 * 12 };

uint32_t ext2_directory_blocks(const struct inode *directory)
{
    uint32_t blocks = 1, used = DOTS_SIZE;
    for (size_t i = 0; i < directory->child_count; i++) {
        uint32_t size = entry_size(strlen(directory->children[i].name));
        if (used + size > EXT2_BLOCK) {
            blocks++;
            used = 0;
        }
        used += size;
    }
    return blocks;
}

static uint8_t file_type(mode_t mode)
{
    static const uint8_t types[] = {
        [S_IFREG >> 12] = EXT2_FT_REG_FILE, [S_IFDIR >> 12] = EXT2_FT_DIR,  [S_IFCHR >> 12] = EXT2_FT_CHRDEV,
        [S_IFBLK >> 12] = EXT2_FT_BLKDEV,   [S_IFIFO >> 12] = EXT2_FT_FIFO, [S_IFSOCK >> 12] = EXT2_FT_SOCK,
        [S_IFLNK >> 12] = EXT2_FT_SYMLINK,
    };
    return types[(mode & S_IFMT) >> 12];
}

/* A directory block that is being filled. */
struct filling {
    char *block;
    uint32_t used; /* bytes */
    struct ext2_dir_entry_2 *last;
};

/* False where it has no room. */
static bool add_entry(struct filling *filling, uint32_t number, const char *name, mode_t mode)
{
    size_t length = strlen(name);
    uint32_t size = entry_size(length);
    if (filling->used + size > EXT2_BLOCK)
        return false;
    struct ext2_dir_entry_2 *entry = (struct ext2_dir_entry_2 *)(filling->block + filling->used);
    entry->inode = htole32(number);
    entry->rec_len = htole16((uint16_t)size);
    entry->name_len = (uint8_t)length;
    entry->file_type = file_type(mode);
    memcpy(entry->name, name, length);
    filling->used += size;
    filling->last = entry;
    return true;
}

/* Fills one block from the child *next on and moves *next behind the last that fitted; `first` is for the
 * block with
 * "." and "..". */
static void fill(const struct ext2_plan *plan, uint32_t index, bool first, size_t *next, char *block)
{
    const struct ext2_file *file = &plan->files[index];
    struct filling filling = {.block = block};
    memset(block, 0, EXT2_BLOCK);
    if (first) {
        add_entry(&filling, ext2_number(index), ".", S_IFDIR);
        add_entry(&filling, ext2_number(file->parent), "..", S_IFDIR);
    }
    for (; *next < file->inode->child_count; ++*next) {
        const struct node *node = &file->inode->children[*next];
        if (!add_entry(&filling, ext2_number(ext2_index(plan, node->inode)), node->name, node->inode->mode))
            break;
    }
    if (filling.last == NULL)
        return; /* cannot be: ext2_directory_blocks counts a block only where an entry needs it */
    uint32_t gap = EXT2_BLOCK - filling.used;
    filling.last->rec_len = htole16((uint16_t)(le16toh(filling.last->rec_len) + gap));
}

int ext2_directory_write(const struct ext2_plan *plan, uint32_t index, struct ext2_map *map,
                         struct error *error)
{
    uint32_t count = ext2_directory_blocks(plan->files[index].inode);
    size_t next_child = 0;
    for (uint32_t logical = 0; logical < count; logical++) {
        uint32_t block, granted;
        char *room;
        if (ext2_map_add(map, logical, 1, &block, &granted, error) < 0 ||
            ext2_block_room(map->writer, block, 1, &room, &granted, error) < 0)
            return -1;
        fill(plan, index, logical == 0, &next_child, room);
    }
    return ext2_map_finish(map, error);
}
