/* struct unikernel: the parsed values of a valid set of annotations. */
#ifndef FORMATS_CONTRACT_UNIKERNEL_H
#define FORMATS_CONTRACT_UNIKERNEL_H

#include <jansson.h>
#include <stdbool.h>

#include "formats/base/error.h"
#include "formats/contract/annotations.h"
#include "formats/contract/frameworks.h"

/* All texts are owned; NULL where the annotation is absent. */
struct unikernel {
    enum framework framework;
    enum hypervisor hypervisor;
    char *binary;
    char *cmdline;
    char *version;
    char *initrd;
    char *block;
    char *blocks; /* named_blocks_parse reads it */
    char *block_mount_point;
    char *solo5_net_device;
    char *solo5_block_device;
    unsigned sector_size; /* of its disks, bytes; 0 where the annotation is absent */
    unsigned memory;      /* of the guest, MiB; 0 where the annotation is absent */
    /* The mark of older tools (bima, pun): they wrote cmdline and did not know mountRootfs. Of newer ones
     * some write neither (kraftkit), some both (bunny). */
    bool older_tools;
    bool mount_rootfs; /* the guest is given the container's rootfs itself; of its two names the newer decides
                        */
};

enum unikernel_found {
    UNIKERNEL_FAILED = -1,
    UNIKERNEL_ABSENT = 0, /* no key of the contract: not a unikernel */
    UNIKERNEL_FOUND = 1,
};

/*
 * Reads a set from a JSON object of strings (annotations, labels or /urunc.json). Unknown keys are ignored
 * here; see annotation_is_unknown for warning about them. The set is taken as plain text where it validates
 * as such; else, where every value of a known key is strict base64 (RFC 4648 section 4, padded) and the
 * decoded set validates, decoded; else the error of the plain reading. A framework that does not run on the
 * hypervisor is an error. `where` ("config.json: annotations") stands first in the error.
 */
enum unikernel_found unikernel_from_json(const json_t *object, const char *where, struct unikernel *unikernel,
                                         struct error *error);

/* Reads a set of plain text. It may pair a framework with a hypervisor that it does not run on:
 * pair_check. On an error the unikernel is empty. */
int unikernel_from_set(const struct annotation_set *set, struct unikernel *unikernel, struct error *error);

/* Checks that the framework can use, and the hypervisor offer, what the annotations say that the guest gets
 * its files by. Returns NULL where they do, else the key that is to blame, with the error set. */
const char *unikernel_check_storage(const struct unikernel *unikernel, struct error *error);

/* Takes mountRootfs back where the pair cannot use the rootfs, or would get it as a disk and has a root
 * already: bunny asks for it in every image that names no storage, and beside a block image. */
void unikernel_forgo_rootfs(struct unikernel *unikernel);

/* A new JSON object: the annotations that are set, plain, keys sorted as in the table. mountRootfs is always
 * among them, for readers that know no default, unless its absence is the mark of older tools. */
json_t *unikernel_to_json(const struct unikernel *unikernel);

void unikernel_free(struct unikernel *unikernel);
#define cleanup_unikernel __attribute__((cleanup(unikernel_free)))

#endif
