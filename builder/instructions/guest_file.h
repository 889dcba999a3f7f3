/* What KERNEL, INITRD and BLOCK share: one source, one file in the image, one annotation. */
#ifndef BUILDER_INSTRUCTIONS_GUEST_FILE_H
#define BUILDER_INSTRUCTIONS_GUEST_FILE_H

#include "builder/build/build.h"

/* What the instruction's <src> stands for, as a new reference; its path goes to *source (owned by the
 * caller). NULL and an error that begins with the instruction's name. */
struct inode *guest_file_load(struct build *build, struct stage *stage, const struct instruction *instruction,
                              char **source, struct error *error);

/* Puts the file at --dest, or at the default path, as a layer, and sets the annotation `key` to where it
 * stands. */
int guest_file_place(struct build *build, struct stage *stage, const struct instruction *instruction,
                     const char *default_path, const char *key, struct inode *file, struct error *error);

#endif
