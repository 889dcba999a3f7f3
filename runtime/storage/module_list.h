/* A kernel's modules as depmod(8) lists them in modules.dep. An image brings it: it is not trusted. */
#ifndef RUNTIME_STORAGE_MODULE_LIST_H
#define RUNTIME_STORAGE_MODULE_LIST_H

#include <stdint.h>

#include "formats/base/buffer.h"

/* A line "kernel/drivers/block/virtio_blk.ko: kernel/...ko ...". */
struct module_line {
    char *path;  /* below the list's directory, clean, without ".."; owned */
    char *needs; /* what stands behind the colon; owned */
};

struct module_list {
    struct module_line *items; /* owned */
    size_t count;
    uint64_t bytes; /* of the text */
    uint64_t work;  /* bytes looked through so far */
};

/* Some hundred looks through a distribution's list of less than a megabyte are usual. A list that takes more
 * than this is made to stall who reads it, and nothing is found in it any more. */
#define MODULE_LIST_WORK_MAX ((uint64_t)2 << 30)

/* Lines that are none, or whose path leads elsewhere, are left out. */
void module_list_parse(const char *text, struct module_list *list);
void module_list_free(struct module_list *list);
#define cleanup_module_list __attribute__((cleanup(module_list_free)))

/* The module of that name: of its file without ".ko" and what follows, '-' and '_' being the same. */
const struct module_line *module_list_find(struct module_list *list, const char *name);

/* Adds the module's path and those of what it needs, each once, what must be loaded first in front. Nothing
 * where the list has no such module. */
void module_list_choose(struct module_list *list, const char *name, struct strings *paths);

/* Adds the module's line, as it stands in modules.dep. */
void module_list_print(struct module_list *list, const char *path, struct buffer *text);

#endif
