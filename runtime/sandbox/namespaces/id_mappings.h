/* linux.uidMappings and linux.gidMappings: which IDs of the host a user namespace has (user_namespaces(7)).
 */
#ifndef RUNTIME_SANDBOX_NAMESPACES_ID_MAPPINGS_H
#define RUNTIME_SANDBOX_NAMESPACES_ID_MAPPINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "formats/base/error.h"

/* `size` IDs, from `container` in the namespace and from `host` outside of it. */
struct id_mapping {
    uint32_t container;
    uint32_t host;
    uint32_t size;
};

/* Owned. */
struct id_mappings {
    struct id_mapping *items;
    size_t count;
};

/* Reads an array of linux (may be NULL). Empty ranges, ranges that reach beyond the last ID, and ranges that
 * overlap are errors: the kernel takes none of them. */
int id_mappings_read(const json_t *linux_object, const char *file, const char *key,
                     struct id_mappings *mappings, struct error *error);
void id_mappings_add(struct id_mappings *mappings, struct id_mapping mapping);
void id_mappings_free(struct id_mappings *mappings);

/* The ID outside for one in the namespace, or -1 where no range holds it. */
int64_t id_mappings_outside(const struct id_mappings *mappings, uint32_t id);

/* The ID in the namespace for one outside, or -1 where no range holds it. */
int64_t id_mappings_inside(const struct id_mappings *mappings, uint32_t id);

/*
 * Rewrites the outer IDs, which are the host's, to those of a user namespace that `inside` describes (its
 * container IDs are what the calling process sees). A range may lie in several ranges of `inside`; a part
 * that lies in none is an error that names `key`.
 */
int id_mappings_translate(struct id_mappings *mappings, const struct id_mappings *inside, const char *key,
                          struct error *error);

/* Writes /proc/PID/NAME, "uid_map" or "gid_map". */
int id_mappings_write(const struct id_mappings *mappings, pid_t pid, const char *name, struct error *error);

#endif
