#include "runtime/bundle/process.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "formats/base/cleanup.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"

enum { ADDITIONAL_GIDS_MAX = 65536 }; /* NGROUPS_MAX of Linux */

static const struct {
    const char *name;
    int resource;
} rlimit_names[] = {
    {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC},
    {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},
    {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
};

static int read_groups(const json_t *user, const char *where, struct process *process, struct error *error)
{
    const json_t *groups = NULL;
    if (read_array(user, where, "additionalGids", &groups, error) < 0)
        return -1;
    size_t count = json_array_size(groups);
    if (count > ADDITIONAL_GIDS_MAX)
        return error_set(error, "%sadditionalGids: %zu groups are too many", where, count);
    process->additional_gids = xcalloc(count + 1, sizeof *process->additional_gids);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(groups, i);
        json_int_t gid = json_integer_value(item);
        if (!json_is_integer(item) || gid < 0 || gid >= UINT32_MAX)
            return error_set(error, "%sadditionalGids[%zu]: not a group ID", where, i);
        process->additional_gids[process->additional_gid_count++] = (uint32_t)gid;
    }
    return 0;
}

static int read_user(const json_t *object, const char *file, struct process *process, struct error *error)
{
    cleanup_free char *outer = xasprintf("%s: process.", file);
    cleanup_free char *where = xasprintf("%suser.", outer);
    const json_t *user = NULL;
    process->umask = 022;
    if (read_object(object, outer, "user", &user, error) < 0)
        return -1;
    int64_t uid = 0, gid = 0, mask = 022;
    /* -1 means "leave it" to setresuid, so it is no ID. */
    if (read_integer(user, where, "uid", 0, UINT32_MAX - 1, &uid, error) < 0 ||
        read_integer(user, where, "gid", 0, UINT32_MAX - 1, &gid, error) < 0 ||
        read_integer(user, where, "umask", 0, 0777, &mask, error) < 0)
        return -1;
    process->uid = (uid_t)uid;
    process->gid = (gid_t)gid;
    process->umask = (mode_t)mask;
    return read_groups(user, where, process, error);
}

static int read_console(const json_t *object, const char *where, struct process *process, struct error *error)
{
    if (read_bool(object, where, "terminal", &process->terminal, error) < 0)
        return -1;
    const json_t *size = NULL;
    if (read_object(object, where, "consoleSize", &size, error) < 0)
        return -1;
    int64_t height = 0, width = 0;
    cleanup_free char *inside = xasprintf("%sconsoleSize.", where);
    if (read_integer(size, inside, "height", 0, UINT16_MAX, &height, error) < 0 ||
        read_integer(size, inside, "width", 0, UINT16_MAX, &width, error) < 0)
        return -1;
    process->console_height = (uint16_t)height;
    process->console_width = (uint16_t)width;
    return 0;
}

static int read_capability_set(const json_t *object, const char *where, const char *key, capability_set *set,
                               struct strings *unknown, struct error *error)
{
    cleanup_strings struct strings names = {0};
    if (read_strings(object, where, key, &names, error) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        int number = capability_from_name(names.items[i]);
        if (number >= 0)
            *set |= (capability_set)1 << number;
        else if (!strings_contain(unknown, names.items[i]))
            strings_add(unknown, names.items[i]);
    }
    return 0;
}

static int read_capabilities(const json_t *object, const char *file, struct process *process,
                             struct error *error)
{
    struct capabilities *sets = &process->capabilities;
    cleanup_free char *outer = xasprintf("%s: process.", file);
    cleanup_free char *where = xasprintf("%s: process.capabilities.", file);
    const json_t *capabilities = NULL;
    if (read_object(object, outer, "capabilities", &capabilities, error) < 0)
        return -1;
    const struct {
        const char *key;
        capability_set *set;
    } table[] = {
        {"bounding", &sets->bounding},   {"effective", &sets->effective}, {"inheritable", &sets->inheritable},
        {"permitted", &sets->permitted}, {"ambient", &sets->ambient},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (read_capability_set(capabilities, where, table[i].key, table[i].set,
                                &process->unknown_capabilities, error) < 0)
            return -1;
    return 0;
}

/* Limits are unsigned in the specification, and 2^64-1 is none; some engines write -1 for it. */
static int read_limit(const json_t *item, const char *where, const char *key, uint64_t *out,
                      struct error *error)
{
    const json_t *value = json_object_get(item, key);
    if (json_is_integer(value) && json_integer_value(value) == -1) {
        *out = RLIM_INFINITY;
        return 0;
    }
    int found = read_uint64(item, where, key, out, error);
    return found != 0 ? found : error_set(error, "%s%s: missing", where, key);
}

static int read_rlimit(const json_t *item, const char *where, struct rlimit_request *limit,
                       struct error *error)
{
    const char *type = NULL;
    if (require_string(item, where, "type", &type, error) < 0)
        return -1;
    for (size_t i = 0; i < sizeof rlimit_names / sizeof *rlimit_names; i++)
        if (strcmp(rlimit_names[i].name, type) == 0)
            *limit =
                (struct rlimit_request){.name = rlimit_names[i].name, .resource = rlimit_names[i].resource};
    if (limit->name == NULL)
        return error_set(error, "%stype: unknown resource limit \"%s\"", where, type);
    if (read_limit(item, where, "soft", &limit->soft, error) < 0 ||
        read_limit(item, where, "hard", &limit->hard, error) < 0)
        return -1;
    if (limit->soft > limit->hard)
        return error_set(error, "%ssoft: above the hard limit of %s", where, type);
    return 0;
}

static int read_rlimits(const json_t *object, const char *file, struct process *process, struct error *error)
{
    cleanup_free char *outer = xasprintf("%s: process.", file);
    const json_t *rlimits = NULL;
    if (read_array(object, outer, "rlimits", &rlimits, error) < 0)
        return -1;
    size_t count = json_array_size(rlimits);
    process->rlimits = xcalloc(count + 1, sizeof *process->rlimits);
    for (size_t i = 0; i < count; i++) {
        cleanup_free char *where = xasprintf("%s: process.rlimits[%zu].", file, i);
        struct rlimit_request *limit = &process->rlimits[i];
        if (read_rlimit(json_array_get(rlimits, i), where, limit, error) < 0)
            return -1;
        for (size_t j = 0; j < i; j++)
            if (process->rlimits[j].resource == limit->resource)
                return error_set(error, "%stype: %s is given twice", where, limit->name);
        process->rlimit_count++;
    }
    return 0;
}

static int read_labels(const json_t *object, const char *where, struct process *process, struct error *error)
{
    const char *apparmor = NULL, *selinux = NULL;
    if (read_string(object, where, "apparmorProfile", &apparmor, error) < 0 ||
        read_string(object, where, "selinuxLabel", &selinux, error) < 0)
        return -1;
    if (apparmor != NULL && *apparmor != '\0')
        process->apparmor_profile = xstrdup(apparmor);
    if (selinux != NULL && *selinux != '\0')
        process->selinux_label = xstrdup(selinux);
    return 0;
}

int process_read(const json_t *object, const char *file, struct process *process, struct error *error)
{
    cleanup_free char *where = xasprintf("%s: process.", file);
    const char *cwd = NULL;
    int64_t oom = 0;
    if (read_strings(object, where, "args", &process->args, error) < 0 ||
        read_strings(object, where, "env", &process->env, error) < 0 ||
        require_string(object, where, "cwd", &cwd, error) < 0)
        return -1;
    if (cwd[0] != '/')
        return error_set(error, "%scwd: \"%s\" is not an absolute path", where, cwd);
    process->cwd = xstrdup(cwd);
    if (read_user(object, file, process, error) < 0 || read_console(object, where, process, error) < 0 ||
        read_capabilities(object, file, process, error) < 0 ||
        read_rlimits(object, file, process, error) < 0 || read_labels(object, where, process, error) < 0 ||
        scheduling_read(object, file, &process->scheduling, error) < 0)
        return -1;
    int found = read_integer(object, where, "oomScoreAdj", -1000, 1000, &oom, error);
    if (found < 0)
        return -1;
    process->has_oom_score_adj = found > 0;
    process->oom_score_adj = (int)oom;
    return 0;
}

void process_free(struct process *process)
{
    strings_free(&process->args);
    strings_free(&process->env);
    strings_free(&process->unknown_capabilities);
    free(process->cwd);
    free(process->additional_gids);
    free(process->rlimits);
    free(process->apparmor_profile);
    free(process->selinux_label);
    *process = (struct process){0};
}
