/*
 * Block devices of config.json that the container is given one by one: linux.devices of the type b
 * (runtime-spec, config-linux.md, "Devices"), as Kubernetes' volumeDevices and `podman run --device` become.
 *
 * A privileged container has all devices of the host in that list; those are no wishes. So a device counts
 * where linux.resources.devices has a rule for it alone, which also says whether it may be written.
 */
#ifndef RUNTIME_BUNDLE_BLOCK_DEVICES_H
#define RUNTIME_BUNDLE_BLOCK_DEVICES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "formats/base/error.h"

struct block_device {
    const char *path; /* in the container; absolute; the JSON's */
    dev_t number;
    mode_t mode; /* of the node: permissions alone */
    uint32_t uid;
    uint32_t gid;
    bool readonly;
};

struct block_devices {
    struct block_device *items; /* owned; in the bundle's order */
    size_t count;
};

/* Picks them out of an array that other_fields_check takes; either may be NULL. */
void block_devices_read(const json_t *devices, const json_t *rules, struct block_devices *list);
void block_devices_free(struct block_devices *list);

/* Opens the host's node of a block device without doing anything to it (O_PATH). `name` (owned by the caller)
 * gets its path. -1: an error names the numbers. */
int block_device_open(dev_t number, char **name, struct error *error);

#endif
