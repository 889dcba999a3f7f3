#include "formats/ext2/file_data.h"

#include <string.h>

#include "formats/base/cleanup.h"

/* A file's bytes: memory, or content that was opened. */
struct source {
    const char *memory;
    const struct content *content;
    int fd;
    uint64_t size; /* bytes */
};

static int read_at(const struct source *source, char *room, size_t length, uint64_t offset,
                   struct error *error)
{
    if (source->memory == NULL)
        return content_read(source->content, source->fd, room, length, offset, error);
    memcpy(room, source->memory + offset, length);
    return 0;
}

/* Fills `count` blocks at `block` with the file's blocks from `logical` on. */
static int copy_blocks(struct ext2_block_writer *writer, const struct source *source, uint32_t logical,
                       uint32_t block, uint32_t count, struct error *error)
{
    while (count > 0) {
        char *room;
        uint32_t granted;
        if (ext2_block_room(writer, block, count, &room, &granted, error) < 0)
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

static int copy_runs(struct ext2_map *map, const struct source *source, const struct ext2_runs *runs,
                     struct error *error)
{
    for (uint32_t i = 0; i < runs->count; i++) {
        uint32_t logical = runs->items[i].first, left = runs->items[i].count;
        while (left > 0) {
            uint32_t block, granted;
            if (ext2_map_add(map, logical, left, &block, &granted, error) < 0 ||
                copy_blocks(map->writer, source, logical, block, granted, error) < 0)
                return -1;
            logical += granted;
            left -= granted;
        }
    }
    return ext2_map_finish(map, error);
}

/* The data is read anew. */
static int copy_large(struct ext2_map *map, const struct content *content, const struct ext2_runs *runs,
                      struct error *error)
{
    struct source source = {content_memory(content), content, -1, content_size(content)};
    if (source.memory != NULL)
        return copy_runs(map, &source, runs, error);
    cleanup_close int fd = content_open(content, error);
    if (fd < 0)
        return -1;
    source.fd = fd;
    if (copy_runs(map, &source, runs, error) < 0)
        return -1;
    return content_unchanged(content, fd, error);
}

static int read_small(const struct content *content, char *buffer, struct error *error)
{
    cleanup_close int fd = content_open(content, error);
    if (fd < 0 || content_read(content, fd, buffer, content_size(content), 0, error) < 0)
        return -1;
    return content_unchanged(content, fd, error);
}

int ext2_file_data_write(struct ext2_map *map, const struct content *content, struct ext2_runs *runs,
                         char *buffer, struct error *error)
{
    if (content_size(content) > EXT2_SMALL)
        return copy_large(map, content, runs, error);
    struct source source = {content_memory(content), content, -1, content_size(content)};
    if (source.memory == NULL) {
        if (read_small(content, buffer, error) < 0)
            return -1;
        source.memory = buffer;
    }
    ext2_runs_of_bytes(runs, source.memory, source.size);
    return copy_runs(map, &source, runs, error);
}

int ext2_target_write(struct ext2_map *map, const char *target, struct error *error)
{
    const struct source source = {target, NULL, -1, strlen(target)};
    struct ext2_run whole = {0, 1};
    const struct ext2_runs runs = {.items = &whole, .count = 1};
    return copy_runs(map, &source, &runs, error);
}
