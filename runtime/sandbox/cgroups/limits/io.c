/* linux.resources.blockIO: what the monitor reads and writes for the guest's disks. */
#include <string.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/cgroups/limits/limit.h"

#define BLOCK_IO RESOURCES "blockIO."

enum { WEIGHT_MIN = 10, WEIGHT_MAX = 1000 }; /* of version 1 and of BFQ; io.weight has 1 to 10000 */

static bool has_file(const struct cgroup *cgroup, const char *name)
{
    cleanup_free char *path = xasprintf("%s/%s", cgroup->directory, name);
    return access(path, F_OK) == 0;
}

/* Refuses what the kernel has no longer. */
static int read_weight(const json_t *object, const char *where, int64_t *weight, struct error *error)
{
    int64_t leaf = 0;
    if (read_integer(object, where, "weight", 0, WEIGHT_MAX, weight, error) < 0 ||
        read_integer(object, where, "leafWeight", 0, WEIGHT_MAX, &leaf, error) < 0)
        return -1;
    if (leaf != 0)
        return error_set(error, "%sleafWeight: urunc cannot apply it; remove it", where);
    if (*weight != 0 && *weight < WEIGHT_MIN)
        return error_set(error, "%sweight: %lld is out of range", where, (long long)*weight);
    return 0;
}

/* BFQ has files of its own, with the same values in both versions. `device` is "MAJOR:MINOR " or "". */
static int set_weight(const struct cgroups *cgroups, const char *key, const char *device, int64_t weight,
                      struct error *error)
{
    const struct cgroup *cgroup = limit_cgroup(cgroups, CGROUP_IO);
    bool one_device = *device != '\0';
    const char *v1_bfq = one_device ? "blkio.bfq.weight_device" : "blkio.bfq.weight";
    const char *v1_cfq = one_device ? "blkio.weight_device" : "blkio.weight";
    bool v1_has_bfq = cgroup != NULL && has_file(cgroup, v1_bfq);
    bool v2_has_bfq = cgroup != NULL && has_file(cgroup, "io.bfq.weight");
    int64_t wide = 1 + (weight - WEIGHT_MIN) * 9999 / (WEIGHT_MAX - WEIGHT_MIN);
    cleanup_free char *same = xasprintf("%s%lld", device, (long long)weight);
    cleanup_free char *converted = xasprintf("%s%lld", device, (long long)wide);
    const struct limit limit = {key,
                                CGROUP_IO,
                                v1_has_bfq ? v1_bfq : v1_cfq,
                                same,
                                v2_has_bfq ? "io.bfq.weight" : "io.weight",
                                v2_has_bfq ? same : converted};
    return limit_apply(cgroups, &limit, error);
}

static int read_device(const json_t *item, const char *where, char **device, struct error *error)
{
    int64_t major = 0, minor = 0;
    int has_major = read_integer(item, where, "major", 0, UINT32_MAX, &major, error);
    int has_minor = has_major < 0 ? -1 : read_integer(item, where, "minor", 0, UINT32_MAX, &minor, error);
    if (has_minor < 0)
        return -1;
    if (has_major == 0 || has_minor == 0)
        return error_set(error, "%smajor, minor: missing", where);
    *device = xasprintf("%lld:%lld ", (long long)major, (long long)minor);
    return 0;
}

static int set_device_weights(const struct cgroups *cgroups, const json_t *io, struct error *error)
{
    const json_t *array = NULL;
    if (read_array(io, BLOCK_IO, "weightDevice", &array, error) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);
        cleanup_free char *key = xasprintf("blockIO.weightDevice[%zu]", i);
        cleanup_free char *where = xasprintf(RESOURCES "%s.", key);
        cleanup_free char *device = NULL;
        int64_t weight = 0;
        if (read_device(item, where, &device, error) < 0 || read_weight(item, where, &weight, error) < 0)
            return -1;
        if (weight != 0 && set_weight(cgroups, key, device, weight, error) < 0)
            return -1;
    }
    return 0;
}

/* One of the four lists of rates. */
struct throttle {
    const char *key;
    const char *v1_file;
    const char *v2_key; /* in io.max */
};

static int set_throttle(const struct cgroups *cgroups, const json_t *io, const struct throttle *throttle,
                        struct error *error)
{
    const json_t *array = NULL;
    if (read_array(io, BLOCK_IO, throttle->key, &array, error) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);
        cleanup_free char *key = xasprintf("blockIO.%s[%zu]", throttle->key, i);
        cleanup_free char *where = xasprintf(RESOURCES "%s.", key);
        cleanup_free char *device = NULL;
        uint64_t rate = 0;
        if (read_device(item, where, &device, error) < 0 ||
            read_uint64(item, where, "rate", &rate, error) < 0)
            return -1;
        if (rate == 0)
            continue;
        cleanup_free char *v1 = xasprintf("%s%llu", device, (unsigned long long)rate);
        cleanup_free char *v2 = xasprintf("%s%s=%llu", device, throttle->v2_key, (unsigned long long)rate);
        const struct limit limit = {key, CGROUP_IO, throttle->v1_file, v1, "io.max", v2};
        if (limit_apply(cgroups, &limit, error) < 0)
            return -1;
    }
    return 0;
}

int limit_io(const struct cgroups *cgroups, const json_t *resources, struct error *error)
{
    static const struct throttle throttles[] = {
        {"throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps"},
        {"throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps"},
        {"throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops"},
        {"throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops"},
    };
    const json_t *io = NULL;
    int64_t weight = 0;
    if (read_object(resources, RESOURCES, "blockIO", &io, error) < 0 ||
        read_weight(io, BLOCK_IO, &weight, error) < 0)
        return -1;
    if (weight != 0 && set_weight(cgroups, "blockIO.weight", "", weight, error) < 0)
        return -1;
    for (size_t i = 0; i < sizeof throttles / sizeof *throttles; i++)
        if (set_throttle(cgroups, io, &throttles[i], error) < 0)
            return -1;
    return set_device_weights(cgroups, io, error);
}
