/* The modules below /lib/modules/<release>: where each is and what it depends on. */
#ifndef RUNTIME_INIT_MODULE_INDEX_H
#define RUNTIME_INIT_MODULE_INDEX_H

#include <stdbool.h>
#include <stddef.h>

struct module {
    char *path;        /* absolute, or relative to the index's directory */
    char *needs;       /* file names or names, separated by blanks or commas; NULL: ask the module itself */
    bool done;         /* loaded, or tried */
    bool lacks_symbol; /* tried, before something that it needs */
};

struct module_index {
    char directory[300];
    struct module *modules;
    size_t count;
};

/* From modules.dep (depmod(8)); where there is none, from the tree itself. An empty index where neither is.
 */
void module_index_read(struct module_index *index);

/* By its name or its file's: "virtio-blk", "virtio_blk" and "drivers/block/virtio_blk.ko.xz" are one. NULL:
 * not there. */
struct module *module_index_find(const struct module_index *index, const char *name);

/* True if modules.builtin lists it. */
bool module_index_is_builtin(const struct module_index *index, const char *name);

#endif
