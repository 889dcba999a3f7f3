#include "runtime/config/config_toml.h"

#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "runtime/config/toml.h"

/* What becomes of a key. */
enum fate {
    RENAMED,   /* 0 and "" mean the default there */
    MOVED,     /* likewise, and it is no key of a table here */
    IGNORED,   /* nothing here depends on it */
    UNLESS_ON, /* likewise, but a guest that it is turned on for would miss something */
};

/* "*" is any name. */
static const struct rule {
    const char *key;
    enum fate fate;
    const char *text; /* our name; or why it has no effect */
} rules[] = {
    {"monitors.*.default_memory_mb", RENAMED, "memory_mib"},
    {"monitors.*.default_vcpus", RENAMED, "vcpus"},
    {"monitors.*.binary_path", RENAMED, "path"},
    {"monitors.*.path", RENAMED, "path"},
    {"monitors.*.data_path", IGNORED, "the files of a monitor are found beside its program"},
    {"monitors.*.socket_path", IGNORED, "the control socket is in the container's state directory"},
    {"monitors.qemu.vhost", RENAMED, "vhost"},
    {"monitors.*.vhost", UNLESS_ON, "only QEMU can use vhost-net"},
    {"runtime.libcontainer", IGNORED, "there is one way to make a container"},
    {"runtime.vAccel", UNLESS_ON, "vAccel is not supported"},
    {"log.level", IGNORED, "the global option --debug turns debug lines on"},
    {"log.syslog", IGNORED, "the global option --log names a file"},
    {"timestamps.enabled", MOVED, "trace"},
    {"timestamps.destination", IGNORED, "`trace` names a directory with one file for each container"},
    {"extra_binaries.virtiofsd.path", MOVED, "virtiofsd"},
    {"extra_binaries.virtiofsd.options", IGNORED, "urunc chooses them by what the program's version takes"},
    {"extra_binaries.*.path", IGNORED, "of such programs urunc runs virtiofsd alone"},
    {"extra_binaries.*.options", IGNORED, "of such programs urunc runs virtiofsd alone"},
};

struct reading {
    const char *path;
    struct config *config;
};

static bool matches(const char *pattern, const struct strings *key)
{
    for (size_t i = 0; i < key->count; i++) {
        size_t length = strcspn(pattern, ".");
        bool any = length == 1 && *pattern == '*';
        if (!any && (strlen(key->items[i]) != length || memcmp(key->items[i], pattern, length) != 0))
            return false;
        pattern += length;
        if ((*pattern == '.') != (i + 1 < key->count))
            return false;
        pattern += *pattern == '.';
    }
    return true;
}

static const struct rule *find_rule(const struct strings *key)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (matches(rules[i].key, key))
            return &rules[i];
    return NULL;
}

static bool is_unset(const json_t *value)
{
    return (json_is_integer(value) && json_integer_value(value) == 0) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

static char *join(const struct strings *key)
{
    struct buffer whole = {0};
    for (size_t i = 0; i < key->count; i++)
        buffer_format(&whole, "%s%s", i > 0 ? "." : "", key->items[i]);
    return buffer_take(&whole);
}

/* The key as a document in the form of config.json; its last name is replaced by `name`, where that is not
 * NULL. A new reference. */
static json_t *document_of(const struct strings *key, const char *name, const json_t *value)
{
    json_t *document = json_incref((json_t *)value);
    for (size_t i = key->count; i-- > 0;) {
        json_t *object = json_object();
        json_object_set_new(object, name != NULL && i + 1 == key->count ? name : key->items[i], document);
        document = object;
    }
    return document;
}

static int apply_key(void *data, const struct strings *key, const json_t *value, struct error *error)
{
    struct reading *reading = data;
    const struct rule *rule = find_rule(key);
    cleanup_free char *name = join(key);
    if (rule != NULL && rule->fate <= MOVED && is_unset(value))
        return 0;
    if (rule != NULL && rule->fate > MOVED) {
        if (rule->fate == UNLESS_ON && !json_is_false(value))
            return error_set(error, "%s: %s: remove it", name, rule->text);
        strings_format(&reading->config->ignored, "%s: %s has no effect: %s", reading->path, name,
                       rule->text);
        return 0;
    }
    cleanup_strings struct strings top = {0};
    strings_add(&top, rule != NULL ? rule->text : "");
    cleanup_json json_t *document = rule != NULL && rule->fate == MOVED
                                        ? document_of(&top, NULL, value)
                                        : document_of(key, rule != NULL ? rule->text : NULL, value);
    if (config_apply(document, reading->path, reading->config, error) == 0)
        return 0;
    return rule != NULL ? error_prefix(error, "%s", name) : -1;
}

int config_apply_toml(const struct buffer *text, const char *path, struct config *config, struct error *error)
{
    struct reading reading = {.path = path, .config = config};
    return toml_read(text->data, text->length, path, apply_key, &reading, error);
}
