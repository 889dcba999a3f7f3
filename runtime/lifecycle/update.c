/* Other limits for a container that exists. */
#include <inttypes.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/json.h"
#include "runtime/lifecycle/lifecycle.h"
#include "runtime/sandbox/cgroups/room.h"
#include "runtime/sandbox/cgroups/systemd/systemd.h"

#define MEMORY_KEYS "linux.resources.memory."

static int check_status(int directory, const struct state *state, struct error *error)
{
    switch (state_status(directory, state)) {
    case STATUS_CREATING:
        return error_set(error, "cannot update a container that is still being created");
    case STATUS_STOPPED:
        /* The words are runc's, for engines that look for them. */
        return error_set(error, "container not running");
    default:
        return 0;
    }
}

static bool asks_for_nothing(const char *key, const json_t *value)
{
    if (json_is_integer(value))
        return json_integer_value(value) == 0 && strcmp(key, "swappiness") != 0;
    return json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0);
}

/* A copy without what asks for nothing, which leaves what was set before: Docker names every limit in each
 * update, with 0 for those that stay. */
static json_t *without_empty(const json_t *resources)
{
    static const char *const sections[] = {"memory", "cpu", "blockIO"};
    json_t *copy = json_deep_copy(resources);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        json_t *section = json_object_get(copy, sections[i]), *value;
        const char *key;
        void *next;
        json_object_foreach_safe(section, next, key, value)
        {
            if (asks_for_nothing(key, value))
                json_object_del(section, key);
        }
        if (json_is_object(section) && json_object_size(section) == 0)
            json_object_del(copy, sections[i]);
    }
    return copy;
}

/* Those of the merged resources of which the update names any: what it does not name may have been changed by
 * others since, and stays. */
static json_t *named_parts(const json_t *merged, const json_t *update)
{
    json_t *parts = json_object();
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)update, key, value)
        json_object_set(parts, key, json_object_get(merged, key));
    return parts;
}

/* The kernel would end the monitor at once. (Version 1 refuses that by itself.) */
static int check_usage(const struct cgroups *cgroups, uint64_t total, struct error *error)
{
    uint64_t usage = cgroups_memory_usage(cgroups);
    if (total >= usage)
        return 0;
    return error_set(error,
                     MEMORY_KEYS "limit: %" PRIu64 " bytes with the monitor's share, but it uses %" PRIu64,
                     total, usage);
}

static void say_that_guest_keeps(const struct runtime *runtime, const struct state *state)
{
    cleanup_error struct error note = {0};
    error_set(&note, MEMORY_KEYS "limit: the guest keeps the %" PRIu64 " MiB that it was made with",
              state->memory.guest >> 20);
    log_warning(&runtime->log, &note);
}

/* The overhead of the limit that will hold; an error where that does not hold the guest. */
static int plan_memory(const struct runtime *runtime, struct state *state, const json_t *merged,
                       const json_t *update, struct error *error)
{
    const json_t *memory = NULL, *named = NULL;
    int64_t limit = 0, before = 0;
    if (read_object(merged, "linux.resources.", "memory", &memory, error) < 0 ||
        read_object(update, "linux.resources.", "memory", &named, error) < 0 ||
        read_integer(memory, MEMORY_KEYS, "limit", -1, INT64_MAX, &limit, error) < 0 ||
        read_integer(named, MEMORY_KEYS, "limit", -1, INT64_MAX, &before, error) < 0)
        return -1;
    if (named == NULL || limit <= 0)
        return 0;
    const struct memory_question question = {
        .limit = (uint64_t)limit,
        .overhead = state->memory_overhead,
        .footprint = state->memory.footprint,
        .room = cgroups_memory_room(&state->cgroups),
    };
    if (memory_plan_again(&question, &state->memory, error) < 0)
        return -1;
    if (before > 0 && (uint64_t)limit > state->memory.guest)
        say_that_guest_keeps(runtime, state);
    return check_usage(&state->cgroups, (uint64_t)limit + state->memory.overhead, error);
}

/* As with runc: the kernel has given up these limits, and engines still ask for them. */
void warn_of_ignored_limits(const struct runtime *runtime, const json_t *resources)
{
    static const char *const keys[] = {"kernel", "kernelTCP"};
    const json_t *memory = json_object_get(resources, "memory");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        cleanup_error struct error warning = {0};
        if (json_integer_value(json_object_get(memory, keys[i])) <= 0)
            continue;
        error_set(&warning, MEMORY_KEYS "%s: ignored, because the kernel has given it up", keys[i]);
        log_warning(&runtime->log, &warning);
    }
}

static int update(const struct runtime *runtime, int directory, struct state *state, const json_t *document,
                  struct error *error)
{
    cleanup_json json_t *resources = without_empty(document);
    cleanup_json json_t *before = state_read_resources(directory, state, error);
    if (before == NULL)
        return -1;
    cleanup_json json_t *merged = json_deep_copy(before);
    json_object_update_recursive(merged, resources);
    json_object_del(merged, "devices");
    if (plan_memory(runtime, state, merged, resources, error) < 0)
        return -1;
    cleanup_json json_t *parts = named_parts(merged, resources);
    if (cgroups_change_limits(&state->cgroups, parts, state->memory.overhead, error) < 0)
        return -1;
    /* Else systemd would write its own limits when it is reloaded. */
    cleanup_error struct error failed = {0};
    if (state->systemd_unit != NULL &&
        systemd_set_limits(state->systemd_unit, merged, state->memory.overhead, &failed) < 0)
        log_warning(&runtime->log, &failed);
    return state_write_resources(directory, merged, error);
}

int container_update(const struct runtime *runtime, const char *id, const json_t *resources,
                     struct error *error)
{
    cleanup_state struct state state = {0};
    cleanup_close int directory = container_load(runtime, id, &state, error);
    if (directory < 0 || check_status(directory, &state, error) < 0)
        return -1;
    int exists = state_directory_lock(directory, error);
    if (exists <= 0)
        return exists < 0 ? -1 : error_set(error, "container \"%s\" does not exist", id);
    if (update(runtime, directory, &state, resources, error) < 0)
        return -1;
    warn_of_ignored_limits(runtime, resources);
    return 0;
}
