#include "formats/ext2/block_map.h"

#include <endian.h>
#include <string.h>

void ext2_map_init(struct ext2_map *map, struct ext2_block_writer *writer)
{
    map->writer = writer;
    map->blocks = 0;
    memset(map->i_block, 0, sizeof map->i_block);
    map->route = (struct ext2_route){0};
}

static void point(struct ext2_map *map, const struct ext2_route *route, unsigned level, uint32_t block)
{
    if (level == 0)
        map->i_block[route->index[0]] = block;
    else
        map->open[level].pointers[route->index[level]] = htole32(block);
}

/* Writes the open indirect blocks from `level` down. */
static int close_from(struct ext2_map *map, unsigned level, struct error *error)
{
    for (; level <= map->route.depth; level++)
        if (ext2_block_put(map->writer, map->open[level].block, map->open[level].pointers, error) < 0)
            return -1;
    return 0;
}

/* A new indirect block of this level, right before the data that it leads to. */
static int open_indirect(struct ext2_map *map, const struct ext2_route *route, unsigned level,
                         struct error *error)
{
    uint32_t block, granted;
    char *room;
    if (ext2_block_allocate(map->writer, 1, &block, &granted, error) < 0 ||
        ext2_block_room(map->writer, block, 1, &room, &granted, error) < 0)
        return -1;
    memset(room, 0, EXT2_BLOCK); /* ext2_block_put fills it in when it is complete */
    map->open[level].block = block;
    memset(map->open[level].pointers, 0, EXT2_BLOCK);
    point(map, route, level - 1, block);
    map->blocks++;
    return 0;
}

int ext2_map_add(struct ext2_map *map, uint32_t logical, uint32_t count, uint32_t *block, uint32_t *granted,
                 struct error *error)
{
    struct ext2_route route;
    if (!ext2_route_to(logical, &route))
        return error_set(error, "%s: a file is larger than ext2 can have", map->writer->filesystem->name);
    unsigned first_new = ext2_route_parts(&map->route, &route);
    if (close_from(map, first_new, error) < 0)
        return -1;
    for (unsigned level = first_new; level <= route.depth; level++)
        if (open_indirect(map, &route, level, error) < 0)
            return -1;
    map->route = route;
    uint32_t room = ext2_route_room(&route);
    if (ext2_block_allocate(map->writer, count < room ? count : room, block, granted, error) < 0)
        return -1;
    for (uint32_t i = 0; i < *granted; i++, route.index[route.depth]++)
        point(map, &route, route.depth, *block + i);
    map->blocks += *granted;
    return 0;
}

int ext2_map_finish(struct ext2_map *map, struct error *error)
{
    return close_from(map, 1, error);
}
