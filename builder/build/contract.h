/* The contract of annotations (docs/architecture.md, "The contract") of the image that a target stage
 * becomes. */
#ifndef BUILDER_BUILD_CONTRACT_H
#define BUILDER_BUILD_CONTRACT_H

#include "builder/stage/build_state.h"
#include "formats/contract/unikernel.h"
#include "formats/kernel/probe.h"

struct contract {
    bool is_unikernel;          /* false: an image like any other, and `unikernel` is empty */
    struct unikernel unikernel; /* valid */
    struct platform platform;
    struct kernel_probe kernel;
};

/*
 * Collects the stage's facts, the command line's labels and annotations among them, and checks all that can
 * be known before a boot: what is required is there, every file is in the image, the hypervisor can run the
 * framework and load the kernel, and the architectures agree. Errors are located at the line that is to
 * blame. A pair of framework and hypervisor that was stated by LABEL may be one that cannot run: see
 * contract_warn.
 */
int contract_settle(const struct build *build, struct stage *stage, struct contract *contract,
                    struct error *error);

/* Warns of what is allowed and likely to disappoint. Comes last, so that an error stands alone. */
void contract_warn(const struct build *build, const struct stage *stage, const struct contract *contract);

void contract_free(struct contract *contract);
#define cleanup_contract __attribute__((cleanup(contract_free)))

#endif
