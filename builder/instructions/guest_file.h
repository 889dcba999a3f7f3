/* Files for the guest, which KERNEL, INITRD and BLOCK add: one source, one file in the image, one annotation.
 */
#ifndef BUILDER_INSTRUCTIONS_GUEST_FILE_H
#define BUILDER_INSTRUCTIONS_GUEST_FILE_H

#include "builder/stage/build_state.h"

/* The file or tree that the instruction's <src> stands for, as a new reference; its path goes to *source
 * (owned by the caller). NULL and an error that begins with the instruction's name. */
struct inode *guest_file_load(struct build *build, struct stage *stage, const struct instruction *instruction,
                              char **source, struct error *error);

/* Puts the file at --dest, or at the default path, as a layer, and sets the annotation `key` to where it
 * stands. */
int guest_file_add(struct build *build, struct stage *stage, const struct instruction *instruction,
                   const char *default_path, const char *key, struct inode *file, struct error *error);

/* An empty file, for an archive that is made when the stage is complete. A new reference. */
struct inode *guest_file_empty(const struct build *build);

/* An error where one of these flags (ends with NULL) is given: a file that is taken as it is has nothing left
 * that they could change. */
int guest_file_refuse_flags(const struct instruction *instruction, const char *source,
                            const char *const *names, struct error *error);

/* Opens the content of what should be a finished archive or filesystem; `kind` begins the error. */
int guest_file_open(const struct inode *file, const char *kind, const char *source, struct error *error);

#endif
