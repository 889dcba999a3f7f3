/* Further disks of a guest that tells its disks by name: the annotation `blocks`, "NAME=PATH,NAME=PATH". */
#ifndef FORMATS_CONTRACT_BLOCKS_H
#define FORMATS_CONTRACT_BLOCKS_H

#include <stddef.h>

#include "formats/base/error.h"
#include "formats/kernel/probe.h"

struct named_block {
    char *name; /* a device of a Solo5 manifest; owned */
    char *path; /* of the block image, absolute, without a comma; owned */
};

struct named_blocks {
    struct named_block *items;
    size_t count;
};

/* Reads the annotation's value; NULL is an empty list. On an error, which says what the value must be, the
 * list is empty. */
int named_blocks_parse(const char *text, struct named_blocks *blocks, struct error *error);
/* Checks a valid value against the kernel: each name is a block device of its Solo5 manifest. */
int named_blocks_check(const char *text, const struct kernel_probe *kernel, struct error *error);
void named_blocks_free(struct named_blocks *blocks);
#define cleanup_named_blocks __attribute__((cleanup(named_blocks_free)))

#endif
