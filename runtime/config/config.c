#include "runtime/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "runtime/monitors/monitor.h"
#include "runtime/network/user_network.h"
#include "runtime/sandbox/namespaces/rootless.h"

enum {
    MEMORY_MAX_MIB = 1 << 24,
    VCPUS_MAX = 512,
    FILES_DEFAULT_MIB = 16,
    FILES_MAX_MIB = 1024, /* they are in the memory of the host as long as the guest runs */
};
#define MIB ((uint64_t)1 << 20)

/* The keys of every monitor; "memory" is another name of "memory_mib". */
static const struct monitor_setting common_settings[] = {
    {"path", SETTING_PROGRAM, offsetof(struct monitor_config, path)},
    {"memory_mib", SETTING_MIB, offsetof(struct monitor_config, memory)},
    {"memory", SETTING_MIB, offsetof(struct monitor_config, memory)},
    {"overhead_mib", SETTING_MIB_OR_NONE, offsetof(struct monitor_config, overhead)},
    {"vcpus", SETTING_VCPUS, offsetof(struct monitor_config, vcpus)},
    {0},
};

/* A user's own by the XDG Base Directory Specification, "XDG_CACHE_HOME"; relative paths count as unset. */
static char *default_rootfs_cache(void)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (rootless_is_root())
        return xstrdup(ROOTFS_CACHE_DEFAULT_PATH);
    if (cache != NULL && cache[0] == '/')
        return xasprintf("%s/urunc", cache);
    return home != NULL && home[0] == '/' ? xasprintf("%s/.cache/urunc", home)
                                          : xstrdup(ROOTFS_CACHE_DEFAULT_PATH);
}

void config_set_defaults(struct config *config)
{
    *config = (struct config){
        .overrides = OVERRIDES_DEFAULT,
        .files_limit = FILES_DEFAULT_MIB * MIB,
        .origins = json_object(),
        .rootfs_cache = {.size = ROOTFS_CACHE_DEFAULT_MIB * MIB, .free = ROOTFS_FREE_DEFAULT_MIB * MIB},
    };
    config->rootfs_cache.path = default_rootfs_cache();
    for (int i = 0; i < HYPERVISOR_COUNT; i++) {
        struct monitor_config *monitor = &config->monitors[i];
        monitor->memory = 256 * MIB;
        const struct monitor *driver = monitor_find((enum hypervisor)i);
        monitor->overhead = driver != NULL ? driver->overhead * MIB : 0;
        monitor->vcpus = 1;
        monitor->queues = 1;
        monitor->acceleration = ACCELERATION_AUTO;
    }
}

static int read_number(const json_t *value, json_int_t minimum, json_int_t maximum, json_int_t *out,
                       struct error *error)
{
    if (!json_is_integer(value))
        return error_set(error, "not a whole number");
    *out = json_integer_value(value);
    if (*out < minimum || *out > maximum)
        return error_set(error, "%lld is not between %lld and %lld", (long long)*out, (long long)minimum,
                         (long long)maximum);
    return 0;
}

static const char *const accelerations[] = {
    [ACCELERATION_AUTO] = "auto", [ACCELERATION_KVM] = "kvm", [ACCELERATION_TCG] = "tcg"};

static int read_mib(const json_t *value, json_int_t minimum, uint64_t *bytes, struct error *error)
{
    json_int_t number = 0;
    if (read_number(value, minimum, MEMORY_MAX_MIB, &number, error) < 0)
        return -1;
    *bytes = (uint64_t)number * MIB;
    return 0;
}

static int read_acceleration(const json_t *value, enum acceleration *out, struct error *error)
{
    if (!json_is_string(value))
        return error_set(error, "not a string");
    for (size_t i = 0; i < sizeof accelerations / sizeof *accelerations; i++)
        if (strcmp(accelerations[i], json_string_value(value)) == 0) {
            *out = (enum acceleration)i;
            return 0;
        }
    return error_set(error, "\"%s\" is not auto, kvm or tcg", json_string_value(value));
}

#define WORD_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

static int read_text(const json_t *value, char **out, struct error *error)
{
    if (!json_is_string(value))
        return error_set(error, "not a string");
    free(*out);
    *out = xstrdup(json_string_value(value));
    return 0;
}

static int read_path(const json_t *value, char **out, struct error *error)
{
    const char *text = json_string_value(value);
    if (text != NULL && text[0] != '/')
        return error_set(error, "\"%s\" is not an absolute path", text);
    return read_text(value, out, error);
}

/* true stands for the default directory. */
static int read_trace(const json_t *value, char **out, struct error *error)
{
    if (json_is_string(value))
        return read_path(value, out, error);
    if (!json_is_boolean(value))
        return error_set(error, "not true, false or a directory");
    free(*out);
    *out = json_is_true(value) ? xstrdup(CONFIG_TRACE_DIRECTORY) : NULL;
    return 0;
}

static int read_user_network(const json_t *value, char **out, struct error *error)
{
    const char *text = json_string_value(value);
    return text != NULL && strcmp(text, USER_NETWORK_AUTO) == 0 ? read_text(value, out, error)
                                                                : read_path(value, out, error);
}

/* false: none. */
static int read_virtiofsd(const json_t *value, char **out, struct error *error)
{
    if (json_is_string(value))
        return read_path(value, out, error);
    if (!json_is_false(value))
        return error_set(error, "neither the path of a program nor false");
    free(*out);
    *out = xstrdup("");
    return 0;
}

/* Words reach a monitor's option string, in which a comma would begin another option. */
static int read_word(const json_t *value, bool options, char **out, struct error *error)
{
    const char *text = json_string_value(value);
    const char *allowed = options ? WORD_CHARACTERS ",=+" : WORD_CHARACTERS;
    if (text != NULL && (text[0] == '\0' || strspn(text, allowed) != strlen(text)))
        return error_set(error, "\"%s\" is not made of letters, digits, %s", text,
                         options ? "'_', '-', '.', ',', '=' and '+'" : "'_', '-' and '.'");
    return read_text(value, out, error);
}

/* `driver` may be NULL. */
static int read_program(const struct monitor *driver, const json_t *value, char **out, struct error *error)
{
    const char *text = json_string_value(value);
    if (text == NULL || strcmp(text, MONITOR_BUILTIN) != 0)
        return read_path(value, out, error);
    if (driver == NULL || driver->builtin == NULL)
        return error_set(error, "\"%s\": urunc has no such monitor of its own", text);
    return read_text(value, out, error);
}

static int read_setting(const struct monitor_setting *setting, const struct monitor *driver,
                        const json_t *value, struct monitor_config *monitor, struct error *error)
{
    void *field = (char *)monitor + setting->field;
    json_int_t number = 0;
    switch (setting->type) {
    case SETTING_PROGRAM:
        return read_program(driver, value, field, error);
    case SETTING_PATH:
        return read_path(value, field, error);
    case SETTING_WORD:
    case SETTING_OPTIONS:
        return read_word(value, setting->type == SETTING_OPTIONS, field, error);
    case SETTING_MIB:
    case SETTING_MIB_OR_NONE:
        return read_mib(value, setting->type == SETTING_MIB ? 1 : 0, field, error);
    case SETTING_VCPUS:
    case SETTING_QUEUES:
        if (read_number(value, 1, setting->type == SETTING_VCPUS ? VCPUS_MAX : BOOT_QUEUES_MAX, &number,
                        error) < 0)
            return -1;
        *(unsigned *)field = (unsigned)number;
        return 0;
    case SETTING_ACCELERATION:
        return read_acceleration(value, field, error);
    case SETTING_SWITCH:
        if (!json_is_boolean(value))
            return error_set(error, "not true or false");
        *(bool *)field = json_is_true(value);
        return 0;
    }
    return 0;
}

static const struct monitor_setting *find_setting(const struct monitor_setting *settings, const char *key)
{
    for (; settings != NULL && settings->key != NULL; settings++)
        if (strcmp(settings->key, key) == 0)
            return settings;
    return NULL;
}

static int read_monitor(const char *name, const json_t *object, struct config *config, struct error *error)
{
    int hypervisor = hypervisor_from_name(name);
    if (hypervisor < 0)
        return error_set(error, "%s: unknown monitor", name);
    if (!json_is_object(object))
        return error_set(error, "%s: not an object", name);
    const struct monitor *driver = monitor_find((enum hypervisor)hypervisor);
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)object, key, value) {
        const struct monitor_setting *setting = find_setting(common_settings, key);
        if (setting == NULL && driver != NULL)
            setting = find_setting(driver->settings, key);
        if (setting == NULL)
            return error_set(error, "%s.%s: unknown key", name, key);
        if (read_setting(setting, driver, value, &config->monitors[hypervisor], error) < 0)
            return error_prefix(error, "%s.%s", name, key);
    }
    return 0;
}

static int read_monitors(const json_t *object, struct config *config, struct error *error)
{
    if (!json_is_object(object))
        return error_set(error, "not an object");
    const char *name;
    json_t *monitor;
    json_object_foreach ((json_t *)object, name, monitor) {
        if (read_monitor(name, monitor, config, error) < 0)
            return -1;
    }
    return 0;
}

static int read_rootfs_cache(const json_t *object, struct rootfs_cache_config *cache, struct error *error)
{
    if (!json_is_object(object))
        return error_set(error, "not an object");
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)object, key, value) {
        int status;
        if (strcmp(key, "path") == 0)
            status = read_path(value, &cache->path, error);
        else if (strcmp(key, "size_mib") == 0)
            status = read_mib(value, 0, &cache->size, error);
        else if (strcmp(key, "free_mib") == 0)
            status = read_mib(value, 0, &cache->free, error);
        else
            status = error_set(error, "unknown key");
        if (status < 0)
            return error_prefix(error, "%s", key);
    }
    return 0;
}

/* ---- origins ---- */

/* Keys of a monitor stand below "monitors.NAME". */
static void set_origins(const json_t *document, const char *origin, struct config *config)
{
    const char *key, *name, *setting;
    json_t *value, *monitor, *ignored;
    json_object_foreach ((json_t *)document, key, value) {
        if (strcmp(key, "monitors") != 0) {
            json_object_set_new(config->origins, key, json_string(origin));
            continue;
        }
        json_object_foreach (value, name, monitor) {
            json_object_foreach (monitor, setting, ignored) {
                const char *main_name = strcmp(setting, "memory") == 0 ? "memory_mib" : setting;
                cleanup_free char *whole = xasprintf("monitors.%s.%s", name, main_name);
                json_object_set_new(config->origins, whole, json_string(origin));
            }
        }
    }
}

static json_t *describe_text(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

static json_t *describe_setting(const struct monitor_setting *setting, const struct monitor_config *monitor)
{
    const void *field = (const char *)monitor + setting->field;
    switch (setting->type) {
    case SETTING_PROGRAM:
    case SETTING_PATH:
    case SETTING_WORD:
    case SETTING_OPTIONS:
        return describe_text(*(char *const *)field);
    case SETTING_MIB:
    case SETTING_MIB_OR_NONE:
        return json_integer((json_int_t)(*(const uint64_t *)field / MIB));
    case SETTING_VCPUS:
    case SETTING_QUEUES:
        return json_integer(*(const unsigned *)field);
    case SETTING_SWITCH:
        return json_boolean(*(const bool *)field);
    case SETTING_ACCELERATION:
        return json_string(accelerations[*(const enum acceleration *)field]);
    }
    return json_null();
}

static void add_description(json_t *list, const struct config *config, const char *key, json_t *value)
{
    const json_t *origin = json_object_get(config->origins, key);
    json_array_append_new(list, json_pack("{s:s, s:o, s:s}", "key", key, "value", value, "origin",
                                          origin != NULL ? json_string_value(origin) : "default"));
}

static void describe_settings(json_t *list, const struct config *config, enum hypervisor hypervisor,
                              const struct monitor_setting *settings)
{
    for (; settings != NULL && settings->key != NULL; settings++) {
        if (strcmp(settings->key, "memory") == 0)
            continue;
        cleanup_free char *key = xasprintf("monitors.%s.%s", hypervisor_name(hypervisor), settings->key);
        add_description(list, config, key, describe_setting(settings, &config->monitors[hypervisor]));
    }
}

static json_t *describe_rootfs_cache(const struct rootfs_cache_config *cache)
{
    return json_pack("{s:s, s:I, s:I}", "path", cache->path, "size_mib", (json_int_t)(cache->size / MIB),
                     "free_mib", (json_int_t)(cache->free / MIB));
}

static json_t *describe_virtiofsd(const char *path)
{
    return path != NULL && *path == '\0' ? json_false() : describe_text(path);
}

json_t *config_describe(const struct config *config)
{
    json_t *list = json_array();
    add_description(list, config, "fallback_runtime", describe_text(config->fallback_runtime));
    add_description(list, config, "trace", describe_text(config->trace));
    add_description(list, config, "metrics", describe_text(config->metrics));
    add_description(list, config, "user_network", describe_text(config->user_network));
    add_description(list, config, "virtiofsd", describe_virtiofsd(config->virtiofsd));
    add_description(list, config, "files_mib", json_integer((json_int_t)(config->files_limit / MIB)));
    add_description(list, config, "overrides", overrides_to_json(config->overrides));
    add_description(list, config, "rootfs_cache", describe_rootfs_cache(&config->rootfs_cache));
    for (int i = 0; i < HYPERVISOR_COUNT; i++) {
        const struct monitor *driver = monitor_find((enum hypervisor)i);
        if (driver == NULL)
            continue;
        describe_settings(list, config, (enum hypervisor)i, common_settings);
        describe_settings(list, config, (enum hypervisor)i, driver->settings);
    }
    return list;
}

/* ---- the document ---- */

static int read_files_limit(const json_t *value, uint64_t *out, struct error *error)
{
    json_int_t number = 0;
    if (read_number(value, 0, FILES_MAX_MIB, &number, error) < 0)
        return -1;
    *out = (uint64_t)number * MIB;
    return 0;
}

int config_apply(const json_t *document, const char *origin, struct config *config, struct error *error)
{
    if (!json_is_object(document))
        return error_set(error, "not a JSON object");
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)document, key, value) {
        int status;
        if (strcmp(key, "monitors") == 0)
            status = read_monitors(value, config, error);
        else if (strcmp(key, "fallback_runtime") == 0)
            status = read_path(value, &config->fallback_runtime, error);
        else if (strcmp(key, "trace") == 0)
            status = read_trace(value, &config->trace, error);
        else if (strcmp(key, "metrics") == 0)
            status = read_path(value, &config->metrics, error);
        else if (strcmp(key, "virtiofsd") == 0)
            status = read_virtiofsd(value, &config->virtiofsd, error);
        else if (strcmp(key, "user_network") == 0)
            status = read_user_network(value, &config->user_network, error);
        else if (strcmp(key, "rootfs_cache") == 0)
            status = read_rootfs_cache(value, &config->rootfs_cache, error);
        else if (strcmp(key, "overrides") == 0)
            status = overrides_from_json(value, &config->overrides, error);
        else if (strcmp(key, "files_mib") == 0)
            status = read_files_limit(value, &config->files_limit, error);
        else
            status = error_set(error, "unknown key");
        if (status < 0)
            return error_prefix(error, "%s", key);
    }
    set_origins(document, origin, config);
    return 0;
}

void config_free(struct config *config)
{
    for (int i = 0; i < HYPERVISOR_COUNT; i++) {
        free(config->monitors[i].path);
        free(config->monitors[i].machine);
        free(config->monitors[i].machine_options);
        free(config->monitors[i].cpu);
    }
    free(config->rootfs_cache.path);
    free(config->fallback_runtime);
    free(config->trace);
    free(config->metrics);
    free(config->user_network);
    free(config->virtiofsd);
    json_decref(config->origins);
    strings_free(&config->ignored);
    *config = (struct config){0};
}
