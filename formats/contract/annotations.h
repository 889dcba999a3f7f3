/*
 * The contract of annotations as one table (docs/architecture.md, "The contract"): the keys, what each value
 * must be, and a set of values as text. formats/contract/unikernel.h has the parsed values of a valid set.
 */
#ifndef FORMATS_CONTRACT_ANNOTATIONS_H
#define FORMATS_CONTRACT_ANNOTATIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "formats/base/error.h"

#define ANNOTATION_PREFIX "com.urunc.unikernel."

#define KEY_TYPE         ANNOTATION_PREFIX "unikernelType"
#define KEY_HYPERVISOR   ANNOTATION_PREFIX "hypervisor"
#define KEY_BINARY       ANNOTATION_PREFIX "binary"
#define KEY_CMDLINE      ANNOTATION_PREFIX "cmdline"
#define KEY_VERSION      ANNOTATION_PREFIX "unikernelVersion"
#define KEY_INITRD       ANNOTATION_PREFIX "initrd"
#define KEY_BLOCK        ANNOTATION_PREFIX "block"
#define KEY_BLOCKS       ANNOTATION_PREFIX "blocks"
#define KEY_MEMORY       ANNOTATION_PREFIX "memory"
#define KEY_SECTOR_SIZE  ANNOTATION_PREFIX "sectorSize"
#define KEY_MOUNT_POINT  ANNOTATION_PREFIX "blkMntPoint"
#define KEY_MOUNT_ROOTFS ANNOTATION_PREFIX "mountRootfs"
#define KEY_MOUNTS       "config.json: mounts"        /* no annotation */
#define KEY_DEVICES      "config.json: linux.devices" /* likewise */
#define KEY_USE_DM_BLOCK ANNOTATION_PREFIX "useDMBlock"
#define KEY_NET_DEVICE   ANNOTATION_PREFIX "solo5NetDev"
#define KEY_BLOCK_DEVICE ANNOTATION_PREFIX "solo5BlkDev"

/* Rows of the table, in the order in which they are written. */
enum annotation_row {
    ANNOTATION_TYPE,
    ANNOTATION_HYPERVISOR,
    ANNOTATION_BINARY,
    ANNOTATION_CMDLINE,
    ANNOTATION_VERSION,
    ANNOTATION_INITRD,
    ANNOTATION_BLOCK,
    ANNOTATION_BLOCKS,
    ANNOTATION_MOUNT_POINT,
    ANNOTATION_MOUNT_ROOTFS,
    ANNOTATION_USE_DM_BLOCK,
    ANNOTATION_NET_DEVICE,
    ANNOTATION_BLOCK_DEVICE,
    ANNOTATION_MEMORY,
    ANNOTATION_SECTOR_SIZE,
    ANNOTATION_COUNT,
};

enum {
    ANNOTATION_MAX_PATH = 4096,      /* bytes of a path in an annotation */
    ANNOTATION_MAX_MEMORY = 1 << 24, /* MiB */
};

/* A validator sees plain text, not empty, and says in the error what the value must be; key and value are put
 * before it by annotation_check. */
typedef int annotation_validator(const char *value, struct error *error);

struct annotation {
    const char *key; /* in full */
    bool required;
    bool written; /* false: read for compatibility, never written */
    annotation_validator *validate;
};

extern const struct annotation annotations[ANNOTATION_COUNT];

/* Values as text, by row of the table; owned. NULL and "" both stand for an absent annotation. */
struct annotation_set {
    char *values[ANNOTATION_COUNT];
};

/* Sets or replaces a value, which is copied. */
void annotation_set_value(struct annotation_set *set, const struct annotation *annotation, const char *value);
/* Adds the values of the contract that a JSON object has, without empty ones. Returns how many; -1 where one
 * is not a text. The older name useDMBlock does not count: Go's urunc adds it to every container. */
int annotation_set_collect(struct annotation_set *set, const json_t *object, struct error *error);
/* Checks that what is required is there, and each value. */
int annotation_set_check(const struct annotation_set *set, struct error *error);
void annotation_set_free(struct annotation_set *set);
#define cleanup_annotation_set __attribute__((cleanup(annotation_set_free)))

/* The entry of a full key ("com.urunc.unikernel.binary"), or NULL. */
const struct annotation *annotation_find(const char *key);

/* True if a key stands under the prefix but is not in the table: the builder warns about those. */
bool annotation_is_unknown(const char *key);

/* Validates one value. Error: `com.urunc.unikernel.binary: "x": must be an absolute path`. */
int annotation_check(const struct annotation *annotation, const char *value, struct error *error);

/* A boolean as Go's strconv.ParseBool reads it, because older tools wrote what that takes: 1, 0 for it, -1
 * for something else. */
int annotation_boolean(const char *value);

/* The number of an annotation `memory`, in MiB; 0 for something else. */
unsigned annotation_memory(const char *value);

/* The number of an annotation `sectorSize`, in bytes: a power of two from 512 to 32,768, as Solo5's tenders
 * take it (16 bits; tenders/spt/spt_module_block.c); 0 for something else. */
unsigned annotation_sector_size(const char *value);

#endif
