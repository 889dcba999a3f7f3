/* linux.timeOffsets: the clocks of a new time namespace (time_namespaces(7)). */
#ifndef RUNTIME_SANDBOX_NAMESPACES_TIME_OFFSETS_H
#define RUNTIME_SANDBOX_NAMESPACES_TIME_OFFSETS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "formats/base/error.h"

enum time_clock {
    TIME_CLOCK_MONOTONIC,
    TIME_CLOCK_BOOTTIME,
    TIME_CLOCK_COUNT,
};

/* What is added to the host's clock. */
struct time_offset {
    bool given;
    int64_t seconds;
    uint32_t nanoseconds;
};

struct time_offsets {
    struct time_offset clocks[TIME_CLOCK_COUNT];
};

int time_offsets_read(const json_t *linux_object, const char *file, struct time_offsets *offsets,
                      struct error *error);
bool time_offsets_given(const struct time_offsets *offsets);

/* Puts the calling process, which has one thread, into a new time namespace with these offsets. They can only
 * be written before a process is in the namespace, so clone(2) cannot make it. */
int time_namespace_enter(const struct time_offsets *offsets, struct error *error);

#endif
