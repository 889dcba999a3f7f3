/* Other limits for a container: by options, or as linux.resources in a file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "runtime/commands/command.h"

enum { RESOURCES_MAX = 1 << 20 }; /* bytes of the document */

/* How the text of an option becomes JSON. */
enum value_type {
    VALUE_NUMBER,
    VALUE_BYTES, /* "512m", or -1 */
    VALUE_TEXT,
};

static const struct update_option {
    const char *name;
    const char *section, *key; /* in linux.resources */
    enum value_type type;
    const char *help;
} update_options[] = {
    {"blkio-weight", "blockIO", "weight", VALUE_NUMBER, "weight of block I/O, 10 to 1000"},
    {"cpu-period", "cpu", "period", VALUE_NUMBER, "period of --cpu-quota, in microseconds"},
    {"cpu-quota", "cpu", "quota", VALUE_NUMBER, "processor time in a period, in microseconds; -1: all"},
    {"cpu-burst", "cpu", "burst", VALUE_NUMBER, "unused quota that may be used later, in microseconds"},
    {"cpu-share", "cpu", "shares", VALUE_NUMBER, "share of the processors beside other containers"},
    {"cpu-rt-period", "cpu", "realtimePeriod", VALUE_NUMBER, "period of --cpu-rt-runtime, in microseconds"},
    {"cpu-rt-runtime", "cpu", "realtimeRuntime", VALUE_NUMBER, "real-time in a period, in microseconds"},
    {"cpu-idle", "cpu", "idle", VALUE_NUMBER, "1: only where nobody else wants the processor"},
    {"cpuset-cpus", "cpu", "cpus", VALUE_TEXT, "processors: 0-2,7"},
    {"cpuset-mems", "cpu", "mems", VALUE_TEXT, "nodes of memory"},
    {"memory", "memory", "limit", VALUE_BYTES, "limit; not below the guest's memory"},
    {"memory-reservation", "memory", "reservation", VALUE_BYTES, "memory that is kept where it is scarce"},
    {"memory-swap", "memory", "swap", VALUE_BYTES, "memory and swap together; -1: no limit of swap"},
    {"kernel-memory", "memory", "kernel", VALUE_BYTES, "ignored: the kernel has given it up"},
    {"kernel-memory-tcp", "memory", "kernelTCP", VALUE_BYTES, "ignored: the kernel has given it up"},
    {"pids-limit", "pids", "limit", VALUE_NUMBER, "number of processes and threads; -1: no limit"},
};
enum { UPDATE_OPTIONS = sizeof update_options / sizeof *update_options };

/* "512", "512k", "1.5G"-like fractions are not taken. Returns false for anything else. */
static bool parse_number(const char *text, bool bytes, int64_t *number)
{
    static const char units[] = "bkmgtp";
    char *end = NULL;
    errno = 0;
    *number = strtoll(text, &end, 10);
    if (errno != 0 || end == text)
        return false;
    const char *unit = bytes && *end != '\0' ? strchr(units, *end | 0x20) : NULL;
    if (unit == NULL)
        return *end == '\0';
    int64_t scale = (int64_t)1 << (10 * (unit - units));
    end++;
    if (unit != units && (*end | 0x20) == 'i')
        end++;
    if (unit != units && (*end | 0x20) == 'b')
        end++;
    return *end == '\0' && !__builtin_mul_overflow(*number, scale, number);
}

struct update_value {
    const struct update_option *option;
    json_t *resources; /* borrowed */
};

static int add_value(void *context, const char *text, struct error *error)
{
    const struct update_value *value = context;
    const struct update_option *option = value->option;
    int64_t number = 0;
    bool is_text = option->type == VALUE_TEXT;
    if (!is_text && !parse_number(text, option->type == VALUE_BYTES, &number))
        return error_set(error, "\"%s\" is not a %s", text,
                         option->type == VALUE_BYTES ? "number of bytes, such as 512m" : "whole number");
    json_t *section = json_object_get(value->resources, option->section);
    if (section == NULL) {
        section = json_object();
        json_object_set_new(value->resources, option->section, section);
    }
    json_object_set_new(section, option->key, is_text ? json_string(text) : json_integer(number));
    return 0;
}

/* The document of --resources; "-" is standard input. */
static json_t *read_resources(const char *path, struct error *error)
{
    cleanup_buffer struct buffer text = {0};
    bool is_stdin = strcmp(path, "-") == 0;
    const char *name = is_stdin ? "--resources: standard input" : path;
    int status = is_stdin ? read_all(STDIN_FILENO, RESOURCES_MAX, &text, name, error)
                          : read_file(AT_FDCWD, path, RESOURCES_MAX, &text, error);
    if (status < 0)
        return NULL;
    json_t *json = parse_json(text.data != NULL ? text.data : "", text.length, name, error);
    if (json == NULL || json_is_object(json))
        return json;
    json_decref(json);
    error_set(error, "%s: not an object", name);
    return NULL;
}

static int update(const struct invocation *invocation, const char *id, const char *file, json_t *options,
                  struct error *error)
{
    if (command_hand_over(invocation, id, error) < 0)
        return -1;
    cleanup_json json_t *resources = file != NULL ? read_resources(file, error) : json_incref(options);
    if (resources == NULL)
        return -1;
    return container_update(&invocation->runtime, id, resources, error);
}

int command_update(const struct command *command, const struct invocation *invocation, struct error *error)
{
    const char *file = NULL;
    cleanup_json json_t *options = json_object();
    struct update_value values[UPDATE_OPTIONS];
    struct option_spec specs[UPDATE_OPTIONS + 2] = {OPTION_VALUE(
        "resources", 'r', "FILE", "linux.resources as JSON; -: standard input; instead of options", &file)};
    for (size_t i = 0; i < UPDATE_OPTIONS; i++) {
        values[i] = (struct update_value){&update_options[i], options};
        specs[i + 1] = (struct option_spec)OPTION_ADD(update_options[i].name, 0,
                                                      update_options[i].type == VALUE_TEXT ? "LIST" : "N",
                                                      update_options[i].help, add_value, &values[i]);
    }
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, invocation, specs, 1, 1, &operands, error);
    if (parsed <= 0)
        return parsed;
    return update(invocation, operands.items[0], file, options, error);
}
