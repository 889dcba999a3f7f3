/* Checks a kernel against the hypervisor and the device names of an image. */
#ifndef BUILDER_BUILD_KERNEL_CHECK_H
#define BUILDER_BUILD_KERNEL_CHECK_H

#include "builder/stage/build_state.h"
#include "formats/contract/unikernel.h"
#include "formats/kernel/probe.h"

/* An error, placed, where the pair is certain to fail. */
int kernel_check(const struct build *build, const struct stage *stage, const struct unikernel *unikernel,
                 const struct kernel_probe *probe, struct error *error);

/* A warning where it is likely to. */
void kernel_warn(const struct build *build, const struct stage *stage, const struct unikernel *unikernel,
                 const struct kernel_probe *probe);

#endif
