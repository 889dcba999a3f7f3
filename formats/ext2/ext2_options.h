/* The properties of an image that its tree does not have. */
#ifndef FORMATS_EXT2_EXT2_OPTIONS_H
#define FORMATS_EXT2_EXT2_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct ext2_options {
    const char *label;       /* at most 16 bytes, or NULL */
    const char *mount_point; /* "last mounted on", or NULL */
    uint64_t size; /* bytes: the image's size, or with size_is_extra what is free beyond the content */
    bool size_is_extra;
    int64_t time; /* seconds since 1970 for the superblock's times */
};

#endif
