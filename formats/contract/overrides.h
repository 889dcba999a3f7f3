/*
 * Single annotations of a container, laid over the set that its image carries in /urunc.json.
 *
 * An engine passes a container's own annotations (a pod's) and drops the image's. So where the container's
 * are not a whole set and the image has one, the image's is taken, and the container's replace those of its
 * values that the operator allows. Whoever may annotate a container must not by that choose another file of
 * the image, or another monitor: any other key is refused.
 */
#ifndef FORMATS_CONTRACT_OVERRIDES_H
#define FORMATS_CONTRACT_OVERRIDES_H

#include "formats/contract/unikernel.h"

/* Sets of keys: bit 1 << enum annotation_row. */
#define OVERRIDES_DEFAULT                                                                                    \
    (1U << ANNOTATION_CMDLINE | 1U << ANNOTATION_MOUNT_ROOTFS | 1U << ANNOTATION_MOUNT_POINT)

/* True where the object has keys of the contract, and not all that a set needs. */
bool annotations_are_partial(const json_t *object);

/* True where the object's keys of the contract are all among those that are allowed. A container with only
 * such keys, and an image without a set, is no unikernel: a pod's annotations reach its other containers too.
 */
bool annotations_only_override(const json_t *object, unsigned allowed);

/* Reads the names of keys, without their prefix, into a set. */
int overrides_from_json(const json_t *names, unsigned *allowed, struct error *error);
/* The same the other way round; a new reference. */
json_t *overrides_to_json(unsigned allowed);

/* Replaces values of the image's set by those of the object, which are plain text. A value that is the
 * image's own needs no leave. `where` ("config.json: annotations") stands first in the error. */
int unikernel_override(struct unikernel *unikernel, const json_t *object, unsigned allowed, const char *where,
                       struct error *error);

#endif
