#include "runtime/bundle/other_fields.h"

#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"

enum {
    FILE_MODE_MAX = 0777,
    DEVICE_NUMBER_MAX = INT32_MAX,
};

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(*words, text) == 0)
            return true;
    return false;
}

/* An object, array or string that asks for something. */
static bool asks(const json_t *value)
{
    return json_is_string(value) ? json_string_length(value) > 0
                                 : json_object_size(value) > 0 || json_array_size(value) > 0;
}

static int check_absolute_paths(const json_t *object, const char *where, const char *key, struct error *error)
{
    cleanup_strings struct strings paths = {0};
    if (read_strings(object, where, key, &paths, error) < 0)
        return -1;
    for (size_t i = 0; i < paths.count; i++)
        if (paths.items[i][0] != '/')
            return error_set(error, "%s%s[%zu]: \"%.200s\" is not an absolute path", where, key, i,
                             paths.items[i]);
    return 0;
}

static int check_propagation(const json_t *object, const char *where, struct error *error)
{
    static const char *const known[] = {"private", "rprivate",   "shared",      "rshared", "slave",
                                        "rslave",  "unbindable", "runbindable", "",        NULL};
    const char *propagation = "";
    if (read_string(object, where, "rootfsPropagation", &propagation, error) < 0)
        return -1;
    if (is_one_of(propagation, known))
        return 0;
    return error_set(error, "%srootfsPropagation: \"%.100s\" is not known", where, propagation);
}

static int check_personality(const json_t *object, const char *where, struct error *error)
{
    const json_t *personality = NULL, *flags = NULL;
    const char *domain = NULL;
    cleanup_free char *inside = xasprintf("%spersonality.", where);
    if (read_object(object, where, "personality", &personality, error) < 0)
        return -1;
    if (personality == NULL)
        return 0;
    if (require_string(personality, inside, "domain", &domain, error) < 0 ||
        read_array(personality, inside, "flags", &flags, error) < 0)
        return -1;
    if (strcmp(domain, "LINUX32") == 0)
        return error_set(error, "%sdomain: LINUX32 is refused: programs run on the guest's own kernel",
                         inside);
    if (strcmp(domain, "LINUX") != 0)
        return error_set(error, "%sdomain: \"%.100s\" is not known", inside, domain);
    if (asks(flags))
        return error_set(error, "%sflags: none is known", inside);
    return 0;
}

static int check_device(const json_t *item, const char *where, struct error *error)
{
    static const char *const types[] = {"b", "c", "u", "p", NULL};
    const char *type = NULL, *path = NULL;
    int64_t number = 0;
    uint32_t id = 0;
    if (require_string(item, where, "type", &type, error) < 0 ||
        require_string(item, where, "path", &path, error) < 0 ||
        read_integer(item, where, "fileMode", 0, FILE_MODE_MAX, &number, error) < 0 ||
        read_integer(item, where, "major", -1, DEVICE_NUMBER_MAX, &number, error) < 0 ||
        read_integer(item, where, "minor", -1, DEVICE_NUMBER_MAX, &number, error) < 0 ||
        read_uint32(item, where, "uid", &id, error) < 0 || read_uint32(item, where, "gid", &id, error) < 0)
        return -1;
    if (!is_one_of(type, types))
        return error_set(error, "%stype: \"%.100s\" is not one of b, c, u, p", where, type);
    if (*path != '/')
        return error_set(error, "%spath: \"%.200s\" is not an absolute path", where, path);
    return 0;
}

static int check_devices(const json_t *object, const char *where, struct error *error)
{
    const json_t *devices = NULL;
    if (read_array(object, where, "devices", &devices, error) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(devices); i++) {
        cleanup_free char *inside = xasprintf("%sdevices[%zu].", where, i);
        if (check_device(json_array_get(devices, i), inside, error) < 0)
            return -1;
    }
    return 0;
}

/* The specification says which processors a program of `exec` begins on; such a program runs in the guest. */
static int check_exec_affinity(const json_t *process, const char *where, struct error *error)
{
    static const char *const keys[] = {"initial", "final", NULL};
    const json_t *affinity = NULL;
    cleanup_free char *inside = xasprintf("%sexecCPUAffinity.", where);
    if (read_object(process, where, "execCPUAffinity", &affinity, error) < 0)
        return -1;
    for (const char *const *key = keys; *key != NULL; key++) {
        const char *list = "";
        if (read_string(affinity, inside, *key, &list, error) < 0)
            return -1;
        if (strspn(list, "0123456789, -") != strlen(list))
            return error_set(error, "%s%s: \"%.100s\" is not a list of processors like 0-3,7", inside, *key,
                             list);
    }
    return 0;
}

static int check_process(const json_t *config, const char *file, struct error *error)
{
    cleanup_free char *where = xasprintf("%s: process.", file);
    const json_t *process = json_object_get(config, "process");
    bool no_new_privileges = false;
    if (read_bool(process, where, "noNewPrivileges", &no_new_privileges, error) < 0)
        return -1;
    return check_exec_affinity(process, where, error);
}

/* What would be denied by being ignored. */
static int refuse_vm(const json_t *config, const char *file, struct error *error)
{
    cleanup_free char *where = xasprintf("%s: ", file);
    const json_t *vm = NULL;
    if (read_object(config, where, "vm", &vm, error) < 0)
        return -1;
    if (asks(vm))
        return error_set(error,
                         "%svm: is refused: the kernel is the image's (com.urunc.unikernel.binary), the "
                         "monitor the operator's",
                         where);
    return 0;
}

int other_fields_check(const json_t *config, const char *file, struct error *error)
{
    const json_t *linux_object = json_object_get(config, "linux");
    cleanup_free char *where = xasprintf("%s: linux.", file);
    if (check_process(config, file, error) < 0 || refuse_vm(config, file, error) < 0 ||
        check_absolute_paths(linux_object, where, "maskedPaths", error) < 0 ||
        check_absolute_paths(linux_object, where, "readonlyPaths", error) < 0 ||
        check_propagation(linux_object, where, error) < 0 ||
        check_personality(linux_object, where, error) < 0)
        return -1;
    return check_devices(linux_object, where, error);
}
