/* struct unikernel: what a validated set of annotations says. */
#ifndef FORMATS_CONTRACT_UNIKERNEL_H
#define FORMATS_CONTRACT_UNIKERNEL_H

#include <jansson.h>
#include <stdbool.h>

#include "formats/base/error.h"

enum hypervisor {
    HYPERVISOR_QEMU,
    HYPERVISOR_FIRECRACKER,
    HYPERVISOR_CLOUD_HYPERVISOR,
    HYPERVISOR_HVT,
    HYPERVISOR_SPT,
    HYPERVISOR_COUNT,
};

/* A framework and the hypervisors that its kernels exist for, by what the framework builds; not what urunc
 * drives. */
struct framework {
    const char *name;
    unsigned hypervisors; /* bits 1 << enum hypervisor */
    bool solo5_abi;       /* on hvt and spt its kernels carry Solo5 notes */
};

extern const struct framework frameworks[]; /* ends with a NULL name */
const struct framework *framework_find(const char *name);
const char *hypervisor_name(enum hypervisor hypervisor);
/* -1 for an unknown name. */
int hypervisor_from_name(const char *name);

/* All texts are owned; NULL where the annotation is absent. Empty values count as absent. */
struct unikernel {
    char *type;
    char *hypervisor;
    char *binary;
    char *cmdline;
    char *version;
    char *initrd;
    char *block;
    char *block_mount_point;
    char *mount_rootfs; /* see unikernel_mounts_rootfs */
    char *use_dm_block;
    char *solo5_net_device;
    char *solo5_block_device;
};

enum unikernel_found {
    UNIKERNEL_FAILED = -1,
    UNIKERNEL_ABSENT = 0, /* no key of the contract: not a unikernel */
    UNIKERNEL_FOUND = 1,
};

/*
 * Reads a set from a JSON object of strings (annotations, labels or /urunc.json). Unknown keys are ignored
 * here; see annotation_find for warning about them. The set is taken as plain text where it validates as
 * such; else, where every value of a known key is strict base64 (RFC 4648 section 4, padded) and the decoded
 * set validates, decoded; else the error of the plain reading. `where` ("config.json: annotations") stands
 * first in the error.
 */
enum unikernel_found unikernel_from_json(const json_t *object, const char *where, struct unikernel *unikernel,
                                         struct error *error);

/* Checks a set made by hand: required fields, each validator, and that the hypervisor can run the framework.
 */
int unikernel_validate(const struct unikernel *unikernel, struct error *error);

/* A new JSON object: the annotations that are set, plain, keys sorted as in the table. */
json_t *unikernel_to_json(const struct unikernel *unikernel);

bool unikernel_mounts_rootfs(const struct unikernel *unikernel);

void unikernel_free(struct unikernel *unikernel);
#define cleanup_unikernel __attribute__((cleanup(unikernel_free)))

#endif
