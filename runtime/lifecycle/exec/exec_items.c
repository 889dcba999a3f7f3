#include "runtime/lifecycle/exec/exec_items.h"

#include <inttypes.h>

#include "runtime/channel.h"

static void add(struct buffer *items, enum channel_item item, const char *text)
{
    buffer_add_char(items, (char)item);
    buffer_add_string(items, text);
    buffer_add_char(items, '\0');
}

static void end(struct buffer *items)
{
    buffer_add_char(items, '\0');
}

int exec_items_add(struct buffer *items, const struct process *process, bool sealed, struct error *error)
{
    if (process->args.count == 0)
        return error_set(error, "process.args: is empty; name a program");
    for (size_t i = 0; i < process->args.count; i++)
        add(items, CHANNEL_ARGUMENT, process->args.items[i]);
    for (size_t i = 0; i < process->env.count; i++)
        add(items, CHANNEL_VARIABLE, process->env.items[i]);
    add(items, CHANNEL_DIRECTORY, process->cwd);
    buffer_format(items, "%c%u:%u", CHANNEL_USER, process->uid, process->gid);
    end(items);
    for (size_t i = 0; i < process->additional_gid_count; i++) {
        buffer_format(items, "%c%u", CHANNEL_GROUP, process->additional_gids[i]);
        end(items);
    }
    for (size_t i = 0; i < process->rlimit_count; i++) {
        const struct rlimit_request *limit = &process->rlimits[i];
        buffer_format(items, "%c%d:%" PRIu64 ":%" PRIu64, CHANNEL_LIMIT, limit->resource, limit->soft,
                      limit->hard);
        end(items);
    }
    if (process->terminal) {
        buffer_format(items, "%c%ux%u", CHANNEL_TERMINAL, process->console_height, process->console_width);
        end(items);
    }
    if (sealed)
        add(items, CHANNEL_SEALED, "");
    if (items->length > CHANNEL_REQUEST_MAX)
        return error_set(error,
                         "arguments and environment have %zu bytes, and a guest's kernel takes less than %d",
                         items->length, CHANNEL_REQUEST_MAX);
    return 0;
}
