/*
 * The Linux guest's init: added by itself to what a Linux image boots into.
 *
 * The rule: the stage's framework is linux, it has a command, an INITRD or BLOCK is made from a tree, and
 * nothing says otherwise (--guest-init=none, or a command that begins with an init such as urunit). Then the
 * tree gets /urunc-init, an initrd without /init gets that too as a second name of it, and the image's
 * Entrypoint begins with /urunc-init.
 */
#ifndef BUILDER_BUILD_GUEST_INIT_H
#define BUILDER_BUILD_GUEST_INIT_H

#include "builder/stage/build_state.h"

#define GUEST_INIT_PATH "/urunc-init"

/* Adds the init to an archive's tree where the rule says so. */
int guest_init_add(struct build *build, struct stage *stage, struct guest_archive *archive,
                   struct error *error);

/* Puts the init before the command of the image's config where the rule says so. */
void guest_init_prefix_entrypoint(const struct build *build, const struct stage *stage,
                                  struct image_config *config);

/* Checks that a kernel of this architecture (GOARCH, or NULL: unknown) can run the init that was added, if
 * any. Placed. */
int guest_init_check_architecture(const struct build *build, const struct stage *stage,
                                  const char *architecture, struct error *error);

#endif
