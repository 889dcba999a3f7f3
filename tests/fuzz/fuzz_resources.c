/* linux.resources as `update` takes them: any document is applied or refused by one line, to cgroups of
 * either version, and no name in it leads to a file outside of the cgroup. */
#include <sys/stat.h>

#include "formats/base/cleanup.h"
#include "formats/base/json.h"
#include "runtime/sandbox/cgroups/cgroups.h"
#include "tests/fuzz/directory.h"

static void apply(const json_t *resources, char *path, bool v2)
{
    struct error error = {0};
    struct cgroup cgroup = {.directory = path, .v2 = v2, .controllers = CGROUP_ALL, .join_fd = -1};
    struct cgroups cgroups = {.items = &cgroup, .count = 1};
    if (cgroups_change_limits(&cgroups, resources, 1 << 20, &error) < 0)
        CHECK(error.message != NULL && strchr(error.message, '\n') == NULL);
    else
        CHECK(error.message == NULL);
    error_clear(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const files[] = {
        "memory.max", "memory.low",     "memory.high",           "cpu.max",
        "cpu.weight", "cpu.idle",       "memory.limit_in_bytes", "cpu.shares",
        "pids.max",   "io.max",         "cpuset.cpus",           "blkio.weight",
        "io.weight",  "hugetlb.2MB.max"};
    struct error error = {0};
    char path[64];
    int directory = directory_open();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        directory_write(directory, files[i], (const uint8_t *)"8:0 max\n", 8);
    cleanup_json json_t *resources = parse_json((const char *)data, size, "resources", &error);
    error_clear(&error);
    if (!json_is_object(resources))
        return 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", directory);
    apply(resources, path, false);
    apply(resources, path, true);
    return 0;
}
