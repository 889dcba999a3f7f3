#include "builder/bundle/config_json.h"

#include <string.h>

#include "builder/bundle/image_user.h"
#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "formats/base/programs.h"
#include "formats/base/text.h"
#include "formats/contract/annotations.h"

/* Those of `runc spec`: enough for a server. The monitor gets none of them. */
static const char *const capabilities[] = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
static const char *const capability_sets[] = {"bounding", "effective", "permitted"};
static const char *const namespaces[] = {"pid", "network", "ipc", "uts", "mount"};

/* For a container that is not a unikernel; the monitor's private root has its own. */
static const struct {
    const char *destination;
    const char *type;
    const char *source;
    const char *options; /* separated by commas */
} mounts[] = {
    {"/proc", "proc", "proc", "nosuid,noexec,nodev"},
    {"/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k"},
    {"/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"},
    {"/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k"},
    {"/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev"},
    {"/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro"},
};

/* Paths of /proc and /sys that tell about the host, as every engine hides them. */
static const char *const masked_paths[] = {"/proc/acpi",        "/proc/asound",        "/proc/kcore",
                                           "/proc/keys",        "/proc/latency_stats", "/proc/timer_list",
                                           "/proc/sched_debug", "/proc/scsi",          "/sys/firmware"};
static const char *const readonly_paths[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                             "/proc/sysrq-trigger"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define WHERE "image config: "

static json_t *list_of(const char *const *texts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(texts[i]));
    return list;
}

static json_t *split_options(const char *options)
{
    json_t *list = json_array();
    while (*options != '\0') {
        size_t length = strcspn(options, ",");
        json_array_append_new(list, json_stringn(options, length));
        options += length + (options[length] == ',');
    }
    return list;
}

/* Adds a member that is missing, null or a list of texts. */
static int append_texts(json_t *list, const json_t *object, const char *key, struct error *error)
{
    cleanup_strings struct strings texts = {0};
    if (read_strings(object, WHERE, key, &texts, error) < 0)
        return -1;
    for (size_t i = 0; i < texts.count; i++)
        json_array_append_new(list, json_string(texts.items[i]));
    return 0;
}

static bool has_variable(const json_t *env, const char *name)
{
    size_t length = strlen(name);
    size_t i;
    json_t *variable;
    json_array_foreach (env, i, variable) {
        const char *text = json_string_value(variable);
        if (strncmp(text, name, length) == 0 && text[length] == '=')
            return true;
    }
    return false;
}

static json_t *environment_of(const json_t *parameters, const struct image_user *user, struct error *error)
{
    cleanup_json json_t *env = json_array();
    if (append_texts(env, parameters, "Env", error) < 0)
        return NULL;
    if (!has_variable(env, "PATH"))
        json_array_insert_new(env, 0, json_string("PATH=" PROGRAM_PATH));
    cleanup_free char *home =
        user->home != NULL && *user->home != '\0' ? xasprintf("HOME=%s", user->home) : NULL;
    if (home != NULL && !has_variable(env, "HOME")) {
        json_t *variable = json_string(home);
        if (variable != NULL) /* else it is no UTF-8, and no loss */
            json_array_append_new(env, variable);
    }
    return take_pointer(env);
}

static json_t *user_of(const struct image_user *user)
{
    json_t *object = json_object();
    json_object_set_new(object, "uid", json_integer(user->uid));
    json_object_set_new(object, "gid", json_integer(user->gid));
    if (user->group_count == 0)
        return object;
    json_t *groups = json_array();
    for (size_t i = 0; i < user->group_count; i++)
        json_array_append_new(groups, json_integer(user->groups[i]));
    json_object_set_new(object, "additionalGids", groups);
    return object;
}

static json_t *capabilities_of(void)
{
    json_t *object = json_object();
    for (size_t i = 0; i < COUNT(capability_sets); i++)
        json_object_set_new(object, capability_sets[i], list_of(capabilities, COUNT(capabilities)));
    return object;
}

static int working_directory(const json_t *parameters, const char **cwd, struct error *error)
{
    *cwd = "/";
    if (read_string(parameters, WHERE, "WorkingDir", cwd, error) < 0)
        return -1;
    if (**cwd == '\0')
        *cwd = "/";
    if (**cwd == '/')
        return 0;
    cleanup_free char *quoted = text_quote(*cwd);
    return error_set(error, WHERE "WorkingDir %s: must be an absolute path", quoted);
}

static json_t *process_of(const json_t *parameters, int rootfd, struct error *error)
{
    cleanup_json json_t *args = json_array();
    const char *cwd = NULL;
    if (append_texts(args, parameters, "Entrypoint", error) < 0 ||
        append_texts(args, parameters, "Cmd", error) < 0 || working_directory(parameters, &cwd, error) < 0)
        return NULL;
    const char *user_text = NULL;
    cleanup_image_user struct image_user user = {0};
    if (read_string(parameters, WHERE, "User", &user_text, error) < 0 ||
        image_user_find(rootfd, user_text, &user, error) < 0)
        return NULL;
    json_t *env = environment_of(parameters, &user, error);
    if (env == NULL)
        return NULL;
    json_t *process = json_object();
    json_object_set_new(process, "terminal", json_false());
    json_object_set_new(process, "user", user_of(&user));
    if (json_array_size(args) > 0) /* a unikernel may have its cmdline annotation only */
        json_object_set(process, "args", args);
    json_object_set_new(process, "env", env);
    json_object_set_new(process, "cwd", json_string(cwd));
    json_object_set_new(process, "capabilities", capabilities_of());
    json_object_set_new(process, "noNewPrivileges", json_true());
    return process;
}

static json_t *mounts_of(void)
{
    json_t *list = json_array();
    for (size_t i = 0; i < COUNT(mounts); i++) {
        json_t *mount = json_object();
        json_object_set_new(mount, "destination", json_string(mounts[i].destination));
        json_object_set_new(mount, "type", json_string(mounts[i].type));
        json_object_set_new(mount, "source", json_string(mounts[i].source));
        json_object_set_new(mount, "options", split_options(mounts[i].options));
        json_array_append_new(list, mount);
    }
    return list;
}

static json_t *linux_of(void)
{
    json_t *object = json_object();
    json_t *list = json_array();
    for (size_t i = 0; i < COUNT(namespaces); i++) {
        json_t *item = json_object();
        json_object_set_new(item, "type", json_string(namespaces[i]));
        json_array_append_new(list, item);
    }
    json_object_set_new(object, "namespaces", list);
    /* As `runc spec` writes it; Go's urunc wants the member to be there. */
    json_object_set_new(object, "resources",
                        json_pack("{s:[{s:b, s:s}]}", "devices", "allow", 0, "access", "rwm"));
    json_object_set_new(object, "maskedPaths", list_of(masked_paths, COUNT(masked_paths)));
    json_object_set_new(object, "readonlyPaths", list_of(readonly_paths, COUNT(readonly_paths)));
    return object;
}

static void set_if_missing(json_t *object, const char *key, const json_t *value)
{
    if (json_is_string(value) && json_string_length(value) > 0 && json_object_get(object, key) == NULL)
        json_object_set(object, key, (json_t *)value);
}

static json_t *port_list(const json_t *ports)
{
    cleanup_buffer struct buffer text = {0};
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)ports, key, value)
        buffer_format(&text, "%s%s", text.length > 0 ? "," : "", key);
    return text.length > 0 ? json_string(text.data) : NULL;
}

/* The manifest's annotations win; the labels follow. Of the unikernel's keys a set is taken whole from one of
 * the two (docs/architecture.md, "The contract"), so that plain text and base64 do not mix. */
static json_t *annotations_of(const json_t *manifest, const json_t *config)
{
    json_t *result = json_object();
    const json_t *parameters = json_object_get(config, "config");
    bool has_contract = false;
    const char *key;
    json_t *value;
    json_object_foreach (json_object_get(manifest, "annotations"), key, value) {
        set_if_missing(result, key, value);
        has_contract = has_contract || annotation_find(key) != NULL;
    }
    json_object_foreach (json_object_get(parameters, "Labels"), key, value) {
        if (!has_contract || strncmp(key, ANNOTATION_PREFIX, strlen(ANNOTATION_PREFIX)) != 0)
            set_if_missing(result, key, value);
    }
    set_if_missing(result, "org.opencontainers.image.os", json_object_get(config, "os"));
    set_if_missing(result, "org.opencontainers.image.architecture", json_object_get(config, "architecture"));
    set_if_missing(result, "org.opencontainers.image.variant", json_object_get(config, "variant"));
    set_if_missing(result, "org.opencontainers.image.author", json_object_get(config, "author"));
    set_if_missing(result, "org.opencontainers.image.created", json_object_get(config, "created"));
    set_if_missing(result, "org.opencontainers.image.stopSignal", json_object_get(parameters, "StopSignal"));
    cleanup_json json_t *ports = port_list(json_object_get(parameters, "ExposedPorts"));
    set_if_missing(result, "org.opencontainers.image.exposedPorts", ports);
    return result;
}

/* The runtime decides by these texts what to boot: one of another type must not vanish. */
static int check_texts(const json_t *object, const char *where, const char *member, struct error *error)
{
    const json_t *texts = NULL;
    if (read_object(object, where, member, &texts, error) < 0)
        return -1;
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)texts, key, value)
        if (!json_is_string(value) && !json_is_null(value))
            return error_set(error, "%s%s: %s: not a string", where, member, key);
    return 0;
}

json_t *config_json_of_image(const json_t *manifest, const json_t *config, int rootfd, struct error *error)
{
    const json_t *parameters = NULL;
    if (read_object(config, WHERE, "config", &parameters, error) < 0 ||
        check_texts(parameters, WHERE, "Labels", error) < 0 ||
        check_texts(manifest, "image manifest: ", "annotations", error) < 0)
        return NULL;
    json_t *process = process_of(parameters, rootfd, error);
    if (process == NULL)
        return NULL;
    json_t *root = json_object();
    json_object_set_new(root, "path", json_string("rootfs"));
    json_object_set_new(root, "readonly", json_false());
    json_t *document = json_object();
    json_object_set_new(document, "ociVersion", json_string("1.1.0"));
    json_object_set_new(document, "process", process);
    json_object_set_new(document, "root", root);
    json_object_set_new(document, "hostname", json_string("unikernel"));
    json_object_set_new(document, "mounts", mounts_of());
    json_object_set_new(document, "annotations", annotations_of(manifest, config));
    json_object_set_new(document, "linux", linux_of());
    return document;
}
