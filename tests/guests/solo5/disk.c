/* Every block of a disk: written, read again, counted. */
#include "common/print.h"
#include "guest.h"

enum { MAX_BLOCK = 4096 };

/* The byte that belongs at that place of the disk. */
static uint8_t pattern(uint64_t at)
{
    return (uint8_t)(at / 512 * 7 + at % 512 * 3 + 1);
}

static bool write_block(const struct manifest *manifest, uint32_t index, uint64_t offset, size_t size)
{
    static uint8_t data[MAX_BLOCK];
    for (size_t i = 0; i < size; i++)
        data[i] = pattern(offset + i);
    return target_write_block(manifest, index, offset, data);
}

static bool check_block(const struct manifest *manifest, uint32_t index, uint64_t offset, size_t size)
{
    static uint8_t data[MAX_BLOCK];
    if (!target_read_block(manifest, index, offset, data))
        return false;
    for (size_t i = 0; i < size; i++)
        if (data[i] != pattern(offset + i))
            return false;
    return true;
}

void fill_disk(const struct manifest *manifest, uint32_t index)
{
    const struct device *device = &manifest->devices[index];
    size_t size = device->block.block_size;
    uint64_t written = 0, read = 0;
    for (uint64_t at = 0; size <= MAX_BLOCK && at + size <= device->block.capacity; at += size)
        written += write_block(manifest, index, at, size) ? size : 0;
    for (uint64_t at = 0; size <= MAX_BLOCK && at + size <= device->block.capacity; at += size)
        read += check_block(manifest, index, at, size) ? size : 0;
    print("block %s: wrote %u read %u\n", device->name, (uint32_t)written, (uint32_t)read);
}
