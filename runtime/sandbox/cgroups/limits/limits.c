/* linux.resources, but for its larger parts, which have files of their own. */
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/cgroups/files.h"
#include "runtime/sandbox/cgroups/limits/journal.h"
#include "runtime/sandbox/cgroups/limits/limit.h"

const struct cgroup *limit_cgroup(const struct cgroups *cgroups, unsigned controller)
{
    for (size_t i = 0; i < cgroups->count; i++)
        if (cgroups->items[i].controllers & controller)
            return &cgroups->items[i];
    return NULL;
}

/* A limit cannot be set because the container's cgroups do not have the controller. */
static int no_controller(const struct cgroups *cgroups, const struct limit *limit, struct error *error)
{
    for (size_t i = 0; i < cgroups->count; i++)
        if (cgroups->items[i].v2 && cgroups->count == 1) {
            cleanup_free char *why = v2_why_missing(&cgroups->items[i], limit->controller);
            return error_set(error, RESOURCES "%s: %s", limit->key, why);
        }
    return error_set(error,
                     RESOURCES
                     "%s: it needs a controller that this host does not have, or that cannot be written to",
                     limit->key);
}

int limit_write(const struct cgroups *cgroups, const struct cgroup *cgroup, const char *file,
                const char *value, struct error *error)
{
    if (cgroups->journal != NULL)
        cgroup_journal_note(cgroups->journal, cgroup, file, value);
    return cgroup_write(cgroup, file, value, error);
}

int limit_apply(const struct cgroups *cgroups, const struct limit *limit, struct error *error)
{
    const struct cgroup *cgroup = limit_cgroup(cgroups, limit->controller);
    if (cgroup == NULL)
        return no_controller(cgroups, limit, error);
    const char *file = cgroup->v2 ? limit->v2_file : limit->v1_file;
    const char *value = cgroup->v2 ? limit->v2_value : limit->v1_value;
    if (file == NULL)
        return error_set(error, RESOURCES "%s: cgroups of version %d do not have it; remove it", limit->key,
                         cgroup->v2 ? 2 : 1);
    if (limit_write(cgroups, cgroup, file, value, error) < 0)
        return error_prefix(error, RESOURCES "%s", limit->key);
    return 0;
}

static int set_pids(const struct cgroups *cgroups, const json_t *resources, struct error *error)
{
    const json_t *pids = NULL;
    int64_t limit = 0;
    char text[24] = "max";
    if (read_object(resources, RESOURCES, "pids", &pids, error) < 0)
        return -1;
    int found = read_integer(pids, RESOURCES "pids.", "limit", INT64_MIN, INT64_MAX, &limit, error);
    if (found <= 0)
        return found;
    /* No limit asks for nothing, so a missing controller is fine. */
    if (limit <= 0 && limit_cgroup(cgroups, CGROUP_PIDS) == NULL)
        return 0;
    if (limit > 0)
        snprintf(text, sizeof text, "%lld", (long long)limit);
    const struct limit file = {"pids.limit", CGROUP_PIDS, "pids.max", text, "pids.max", text};
    return limit_apply(cgroups, &file, error);
}

/* linux.resources.unified: names of files of version 2 and what to write. */
static int set_unified(const struct cgroups *cgroups, const json_t *resources, struct error *error)
{
    const json_t *unified = NULL;
    if (read_object(resources, RESOURCES, "unified", &unified, error) < 0)
        return -1;
    const struct cgroup *v2 = NULL;
    for (size_t i = 0; i < cgroups->count && v2 == NULL; i++)
        if (cgroups->items[i].v2)
            v2 = &cgroups->items[i];
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)unified, key, value) {
        const char *text = json_string_value(value);
        if (text == NULL)
            return error_set(error, RESOURCES "unified.%s: not a string", key);
        if (strchr(key, '/') != NULL || strchr(key, '.') == NULL || strstr(key, "..") != NULL ||
            strncmp(key, "cgroup.", 7) == 0)
            return error_set(error, RESOURCES "unified.%s: no limit has this name", key);
        if (v2 == NULL)
            return error_set(error, RESOURCES "unified.%s: this host has no cgroups of version 2", key);
        if (limit_write(cgroups, v2, key, text, error) < 0)
            return error_prefix(error, RESOURCES "unified.%s", key);
    }
    return 0;
}

/* hugepageLimits: "2MB" is "hugetlb.2MB.max". */
static int set_huge_pages(const struct cgroups *cgroups, const json_t *resources, struct error *error)
{
    const json_t *limits = NULL;
    if (read_array(resources, RESOURCES, "hugepageLimits", &limits, error) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(limits); i++) {
        const json_t *item = json_array_get(limits, i);
        const char *size = NULL;
        uint64_t limit = 0;
        cleanup_free char *key = xasprintf("hugepageLimits[%zu]", i);
        cleanup_free char *where = xasprintf(RESOURCES "%s.", key);
        if (require_string(item, where, "pageSize", &size, error) < 0 ||
            read_uint64(item, where, "limit", &limit, error) < 0)
            return -1;
        size_t digits = strspn(size, "0123456789");
        if (digits == 0 || strspn(size + digits, "KMG") != 1 || strcmp(size + digits + 1, "B") != 0)
            return error_set(error, "%spageSize: \"%s\" is not like 2MB", where, size);
        cleanup_free char *v1 = xasprintf("hugetlb.%s.limit_in_bytes", size);
        cleanup_free char *v2 = xasprintf("hugetlb.%s.max", size);
        cleanup_free char *text = xasprintf("%llu", (unsigned long long)limit);
        const struct limit file = {key, CGROUP_HUGETLB, v1, text, v2, text};
        if (limit_apply(cgroups, &file, error) < 0)
            return -1;
    }
    return 0;
}

/*
 * Rules for device nodes are met without being applied: no device can be opened but those of the private
 * root, in which every mount is nodev but for these, and nobody in it may make a node. So they are only
 * checked for what they must be. A list that allows more asks for nothing that could be given.
 */
static int check_devices(const json_t *resources, struct error *error)
{
    const json_t *devices = NULL;
    if (read_array(resources, RESOURCES, "devices", &devices, error) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(devices); i++) {
        const json_t *item = json_array_get(devices, i);
        const char *type = "a", *access = "";
        int64_t number = 0;
        bool allow = false;
        cleanup_free char *where = xasprintf(RESOURCES "devices[%zu].", i);
        if (!json_is_boolean(json_object_get(item, "allow")))
            return error_set(error, "%sallow: not true or false", where);
        if (read_bool(item, where, "allow", &allow, error) < 0 ||
            read_string(item, where, "type", &type, error) < 0 ||
            read_string(item, where, "access", &access, error) < 0 ||
            read_integer(item, where, "major", -1, INT64_MAX, &number, error) < 0 ||
            read_integer(item, where, "minor", -1, INT64_MAX, &number, error) < 0)
            return -1;
        if (strlen(type) > 1 || strspn(type, "abc") != strlen(type))
            return error_set(error, "%stype: \"%s\" is not a, b or c", where, type);
        if (strspn(access, "rwm") != strlen(access))
            return error_set(error, "%saccess: \"%s\" is not made of r, w and m", where, access);
    }
    return 0;
}

/* The guest's packets are nobody's socket, so what classifies sockets would not see them. */
static int refuse_network(const json_t *resources, struct error *error)
{
    static const char where[] = RESOURCES "network.";
    const json_t *network = NULL, *priorities = NULL;
    uint32_t class = 0;
    if (read_object(resources, RESOURCES, "network", &network, error) < 0 ||
        read_uint32(network, where, "classID", &class, error) < 0 ||
        read_array(network, where, "priorities", &priorities, error) < 0)
        return -1;
    if (class != 0 || json_array_size(priorities) > 0)
        return error_set(error, "%s%s: urunc cannot apply it to a guest's packets; remove it", where,
                         class != 0 ? "classID" : "priorities");
    return 0;
}

/* No RDMA device can be opened in the private root, so every limit is met. */
static int check_rdma(const json_t *resources, struct error *error)
{
    const json_t *rdma = NULL;
    if (read_object(resources, RESOURCES, "rdma", &rdma, error) < 0)
        return -1;
    const char *device;
    json_t *limits;
    json_object_foreach ((json_t *)rdma, device, limits) {
        uint32_t ignored = 0;
        cleanup_free char *where = xasprintf(RESOURCES "rdma.%s.", device);
        if (!json_is_object(limits))
            return error_set(error, RESOURCES "rdma.%s: not an object", device);
        if (read_uint32(limits, where, "hcaHandles", &ignored, error) < 0 ||
            read_uint32(limits, where, "hcaObjects", &ignored, error) < 0)
            return -1;
    }
    return 0;
}

int cgroups_set_limits(const struct cgroups *cgroups, const json_t *resources, uint64_t overhead,
                       struct error *error)
{
    if (check_devices(resources, error) < 0 || refuse_network(resources, error) < 0 ||
        check_rdma(resources, error) < 0 || limit_memory(cgroups, resources, overhead, error) < 0 ||
        limit_cpu(cgroups, resources, error) < 0 || set_pids(cgroups, resources, error) < 0 ||
        limit_io(cgroups, resources, error) < 0 || set_huge_pages(cgroups, resources, error) < 0)
        return -1;
    return set_unified(cgroups, resources, error);
}

int cgroups_change_limits(struct cgroups *cgroups, const json_t *resources, uint64_t overhead,
                          struct error *error)
{
    cleanup_journal struct cgroup_journal journal = {0};
    cleanup_error struct error failed = {0};
    cgroups->journal = &journal;
    int status = cgroups_set_limits(cgroups, resources, overhead, error);
    cgroups->journal = NULL;
    if (status < 0 && cgroup_journal_undo(&journal, &failed) < 0)
        error_prefix(error, "%s (and what was set before it could not be taken back)", failed.message);
    return status;
}
