#include "runtime/sandbox/namespaces/time_offsets.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/namespaces/namespaces.h"
#include "runtime/sandbox/proc.h"

enum { NANOSECONDS_MAX = 999999999 };

static const char *const clock_names[TIME_CLOCK_COUNT] = {
    [TIME_CLOCK_MONOTONIC] = "monotonic",
    [TIME_CLOCK_BOOTTIME] = "boottime",
};

static int read_offset(const json_t *object, const char *where, struct time_offset *offset,
                       struct error *error)
{
    int64_t nanoseconds = 0;
    if (read_integer(object, where, "secs", INT64_MIN, INT64_MAX, &offset->seconds, error) < 0 ||
        read_integer(object, where, "nanosecs", 0, NANOSECONDS_MAX, &nanoseconds, error) < 0)
        return -1;
    offset->nanoseconds = (uint32_t)nanoseconds;
    offset->given = true;
    return 0;
}

int time_offsets_read(const json_t *linux_object, const char *file, struct time_offsets *offsets,
                      struct error *error)
{
    cleanup_free char *outer = xasprintf("%s: linux.", file);
    cleanup_free char *where = xasprintf("%stimeOffsets.", outer);
    const json_t *object = NULL;
    if (read_object(linux_object, outer, "timeOffsets", &object, error) < 0)
        return -1;
    for (int clock = 0; clock < TIME_CLOCK_COUNT; clock++) {
        const json_t *item = NULL;
        cleanup_free char *inside = xasprintf("%s%s.", where, clock_names[clock]);
        if (read_object(object, where, clock_names[clock], &item, error) < 0 ||
            (item != NULL && read_offset(item, inside, &offsets->clocks[clock], error) < 0))
            return -1;
    }
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)object, key, value) {
        if (strcmp(key, clock_names[0]) != 0 && strcmp(key, clock_names[1]) != 0)
            return error_set(error, "%s%s: not a clock that a time namespace has", where, key);
    }
    return 0;
}

bool time_offsets_given(const struct time_offsets *offsets)
{
    for (int clock = 0; clock < TIME_CLOCK_COUNT; clock++)
        if (offsets->clocks[clock].given)
            return true;
    return false;
}

static int write_offsets(const struct time_offsets *offsets, struct error *error)
{
    cleanup_close int fd = proc_open("/proc/self/timens_offsets", O_WRONLY, error);
    if (fd < 0)
        return -1;
    cleanup_buffer struct buffer text = {0};
    for (int clock = 0; clock < TIME_CLOCK_COUNT; clock++)
        if (offsets->clocks[clock].given)
            buffer_format(&text, "%s %lld %u\n", clock_names[clock],
                          (long long)offsets->clocks[clock].seconds, offsets->clocks[clock].nanoseconds);
    if (write(fd, text.data, text.length) == (ssize_t)text.length)
        return 0;
    return errno == ERANGE ? error_set(error, "the kernel's clocks do not reach so far")
                           : error_errno(error, errno, "cannot be written");
}

int time_namespace_enter(const struct time_offsets *offsets, struct error *error)
{
    if (unshare(CLONE_NEWTIME) < 0)
        return error_errno(error, errno, "cannot make the time namespace");
    if (time_offsets_given(offsets) && write_offsets(offsets, error) < 0)
        return error_prefix(error, "config.json: linux.timeOffsets");
    /* unshare(2) leaves the process where it is: only its children, and what it executes, would be in it. */
    cleanup_close int fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
        return error_errno(error, errno, "cannot enter the time namespace");
    return 0;
}
