#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "runtime/lifecycle/lifecycle.h"
#include "runtime/network/network.h"
#include "runtime/sandbox/cgroups/stats/stats.h"

enum { COUNTERS = 16 }; /* of an interface in /proc/net/dev: 8 of what it received, 8 of what it sent */

/* Reads the interface's counters from the text of a /proc/net/dev (proc_pid_net(5)). False where it is not
 * there. */
static bool read_counters(const char *text, const char *name, uint64_t counters[COUNTERS])
{
    for (const char *line = text; line != NULL && *line != '\0';) {
        const char *start = line + strspn(line, " ");
        size_t length = strlen(name);
        const char *next = strchr(line, '\n');
        line = next != NULL ? next + 1 : NULL;
        if (strncmp(start, name, length) != 0 || start[length] != ':')
            continue;
        char *rest = (char *)start + length + 1;
        for (size_t i = 0; i < COUNTERS; i++)
            counters[i] = strtoull(rest, &rest, 10);
        return true;
    }
    return false;
}

/* What the tap sent is what the guest received. The keys are those of Go's struct, which has no others. */
static json_t *describe_interface(const char *name, const uint64_t counters[COUNTERS])
{
    static const char *const keys[] = {"Bytes", "Packets", "Errors", "Dropped"};
    json_t *object = json_pack("{s:s}", "Name", name);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        cleanup_free char *received = xasprintf("Rx%s", keys[i]), *sent = xasprintf("Tx%s", keys[i]);
        stats_set(object, received, (int64_t)counters[COUNTERS / 2 + i]);
        stats_set(object, sent, (int64_t)counters[i]);
    }
    return object;
}

static bool is_first_of(const struct strings *strings, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(strings->items[i], strings->items[index]) == 0)
            return false;
    return true;
}

/* The interface of what network_leave is told. */
static const char *interface_name(const char *joined)
{
    size_t length = sizeof NETWORK_OF_SUBNET - 1;
    return joined + (strncmp(joined, NETWORK_OF_SUBNET, length) == 0 ? length : 0);
}

static json_t *describe_interfaces(const struct state *state)
{
    json_t *list = json_array();
    cleanup_error struct error ignored = {0};
    cleanup_buffer struct buffer text = {0};
    /* The monitor's network namespace, whoever made it. */
    cleanup_free char *path = xasprintf("/proc/%d/net/dev", (int)state->pid);
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read_all(fd, CGROUP_FILE_MAX, &text, path, &ignored) < 0)
        return list;
    for (size_t i = 0; i < state->network_taps.count; i++) {
        uint64_t counters[COUNTERS];
        /* A tap may be joined to further interfaces (lo): the first is the one that the guest stands for. */
        if (!is_first_of(&state->network_taps, i))
            continue;
        if (read_counters(text.data, state->network_taps.items[i], counters))
            json_array_append_new(
                list, describe_interface(interface_name(state->network_interfaces.items[i]), counters));
    }
    return list;
}

json_t *container_stats(const struct state *state)
{
    json_t *stats = cgroups_stats(&state->cgroups);
    json_object_set_new(stats, "intel_rdt", json_object());
    json_object_set_new(stats, "network_interfaces", describe_interfaces(state));
    return stats;
}
