/* UNIKERNEL, MONITOR and labels: the facts of the contract as a stage collects them. */
#ifndef BUILDER_INSTRUCTIONS_UNIKERNEL_H
#define BUILDER_INSTRUCTIONS_UNIKERNEL_H

#include "builder/build/build.h"
#include "formats/contract/annotations.h"

#define KEY_TYPE        ANNOTATION_PREFIX "unikernelType"
#define KEY_VERSION     ANNOTATION_PREFIX "unikernelVersion"
#define KEY_HYPERVISOR  ANNOTATION_PREFIX "hypervisor"
#define KEY_BINARY      ANNOTATION_PREFIX "binary"
#define KEY_INITRD      ANNOTATION_PREFIX "initrd"
#define KEY_BLOCK       ANNOTATION_PREFIX "block"
#define KEY_MOUNT_POINT ANNOTATION_PREFIX "blkMntPoint"

/* Sets the value of a key of the contract, after checking it. Line 0 is the command line. */
int unikernel_set_fact(struct stage *stage, const char *key, const char *value, int line,
                       struct error *error);

/* A label or annotation that may belong to the contract: one of its keys becomes a fact; an unknown key under
 * the prefix gets a warning; any other key means nothing here. */
int unikernel_take_label(const struct build *build, struct stage *stage, const char *key, const char *value,
                         int line, struct error *error);

/* The framework that the stage's facts name, or "". */
const char *unikernel_framework(const struct stage *stage);

#endif
