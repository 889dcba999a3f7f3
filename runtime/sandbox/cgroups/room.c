#include "runtime/sandbox/cgroups/room.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/cgroups/files.h"
#include "runtime/sandbox/cgroups/limits/limit.h"

/* Version 1 says "none" by the largest number of whole pages. */
#define LIMIT_NONE_FROM ((uint64_t)1 << 62)

/* A directory's own limit; CGROUP_NO_LIMIT where it has none. */
static uint64_t own_limit(const char *directory, bool v2)
{
    cleanup_buffer struct buffer text = {0};
    if (cgroup_read(directory, v2 ? "memory.max" : "memory.limit_in_bytes", &text) < 0 || text.data == NULL ||
        text.data[0] < '0' || text.data[0] > '9')
        return CGROUP_NO_LIMIT;
    uint64_t limit = strtoull(text.data, NULL, 10);
    return limit >= LIMIT_NONE_FROM ? CGROUP_NO_LIMIT : limit;
}

/* The limits of the other cgroups in the directory; one without a limit counts for nothing. */
static uint64_t taken_by_others(const char *parent, const char *own_name, bool v2)
{
    uint64_t sum = 0;
    cleanup_closedir DIR *directory = opendir(parent);
    const struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.' || strcmp(entry->d_name, own_name) == 0)
            continue;
        cleanup_free char *path = xasprintf("%s/%s", parent, entry->d_name);
        uint64_t limit = own_limit(path, v2);
        if (limit != CGROUP_NO_LIMIT)
            sum += limit;
    }
    return sum;
}

/* Cuts the last name off; false at the mount point. */
static bool go_up(const struct cgroup *cgroup, char *directory)
{
    if (strlen(directory) <= cgroup->mount)
        return false;
    *strrchr(directory, '/') = '\0';
    return true;
}

struct cgroup_room cgroups_memory_room(const struct cgroups *cgroups)
{
    struct cgroup_room room = {CGROUP_NO_LIMIT, CGROUP_NO_LIMIT};
    const struct cgroup *cgroup = limit_cgroup(cgroups, CGROUP_MEMORY);
    /* Before it is made nobody knows which controllers one of version 2 will have. */
    for (size_t i = 0; i < cgroups->count && cgroup == NULL; i++)
        if (cgroups->items[i].v2 && cgroups->items[i].controllers == 0)
            cgroup = &cgroups->items[i];
    if (cgroup == NULL)
        return room;
    cleanup_free char *directory = xstrdup(cgroup->directory);
    cleanup_free char *own_name = xstrdup(strrchr(directory, '/') + 1);
    for (bool is_parent = true; go_up(cgroup, directory); is_parent = false) {
        uint64_t limit = own_limit(directory, cgroup->v2), taken = 0;
        if (limit == CGROUP_NO_LIMIT)
            continue;
        /* Further up, limits are given out more than once on purpose. */
        if (is_parent)
            taken = taken_by_others(directory, own_name, cgroup->v2);
        uint64_t left = limit > taken ? limit - taken : 0;
        room.limit = limit < room.limit ? limit : room.limit;
        room.left = left < room.left ? left : room.left;
    }
    return room;
}

uint64_t cgroups_memory_usage(const struct cgroups *cgroups)
{
    cleanup_buffer struct buffer text = {0};
    const struct cgroup *cgroup = limit_cgroup(cgroups, CGROUP_MEMORY);
    if (cgroup == NULL ||
        cgroup_read(cgroup->directory, cgroup->v2 ? "memory.current" : "memory.usage_in_bytes", &text) < 0 ||
        text.data == NULL)
        return 0;
    return strtoull(text.data, NULL, 10);
}
