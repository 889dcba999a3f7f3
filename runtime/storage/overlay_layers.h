/* The layers of a rootfs that an engine mounted as an overlay. */
#ifndef RUNTIME_STORAGE_OVERLAY_LAYERS_H
#define RUNTIME_STORAGE_OVERLAY_LAYERS_H

#include <stdbool.h>
#include <stddef.h>

struct overlay_layer {
    char *path; /* of the directory on the host; owned */
    /* An engine's store holds it as a layer of an image, which nobody changes once it is there; else a
     * directory of one container. */
    bool committed;
};

struct overlay_layers {
    struct overlay_layer *items; /* the uppermost first; owned */
    size_t count;
};

void overlay_layers_free(struct overlay_layers *layers);
#define cleanup_overlay_layers __attribute__((cleanup(overlay_layers_free)))

/*
 * Finds the layers in the options of an overlay's line in /proc/self/mountinfo (the last field). False where
 * it is not certain what they are: relative paths, data layers, escaped colons, or a lower directory that is
 * in no engine's store, which its owner may change while it is not mounted (Linux,
 * Documentation/filesystems/overlayfs.rst, "Changes to underlying filesystems").
 */
bool overlay_layers_parse(const char *options, struct overlay_layers *layers);

/* The same of the mount that `fd` is the root of; false where it is not a whole overlay. */
bool overlay_layers_find(int fd, struct overlay_layers *layers);

#endif
