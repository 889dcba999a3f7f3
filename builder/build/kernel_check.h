/* Checks that the framework, the kernel, the storage and the device names of an image fit its hypervisor. */
#ifndef BUILDER_BUILD_KERNEL_CHECK_H
#define BUILDER_BUILD_KERNEL_CHECK_H

#include "builder/stage/build_state.h"
#include "formats/contract/unikernel.h"
#include "formats/kernel/probe.h"

/* Returns NULL where they do; else the error is set (not located), and the key that is to blame is returned:
 * such an image is certain to fail. `architecture` is the image's. */
const char *kernel_check(const struct unikernel *unikernel, const struct kernel_probe *probe,
                         const char *architecture, struct error *error);

/* A warning where it is likely to. */
void kernel_warn(const struct build *build, const struct stage *stage, const struct unikernel *unikernel,
                 const struct kernel_probe *probe);

#endif
