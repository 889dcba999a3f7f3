/*
 * The pairs of a framework and a hypervisor, made from the lists of frameworks.h: which can run, with what
 * storage and network, on which machines; where one cannot, the reason.
 *
 * The builder, the runtime, `urunc features`, `urunc check` and the tables of the documents ask here, so that
 * a reason has one text.
 */
#ifndef FORMATS_CONTRACT_PAIRS_H
#define FORMATS_CONTRACT_PAIRS_H

#include <stdbool.h>

#include "formats/base/error.h"
#include "formats/contract/frameworks.h"

struct pair {
    enum framework framework;
    enum hypervisor hypervisor;
};

/* An error where the framework's kernels do not exist for the hypervisor; it lists those that they do. */
int pair_check(struct pair pair, struct error *error);

/* An error where this version of urunc lacks one of the two drivers; it begins with the key of the contract
 * that is to blame. */
int pair_check_drivers(struct pair pair, struct error *error);

/* An error where the pair does not exist on that architecture ("amd64"). */
int pair_check_architecture(struct pair pair, const char *architecture, struct error *error);

/* An error where guests of the pair cannot be given their files that way; it says which of the two is to
 * blame and what would do. */
int pair_check_storage(struct pair pair, enum storage_row storage, struct error *error);

/* Sets of enum storage_kind and enum architecture; 0 where the pair does not exist. */
unsigned pair_storage(struct pair pair);
unsigned pair_architectures(struct pair pair);
/* How a guest of the pair is given the container's rootfs: STORAGE_ROOTFS_DISK, STORAGE_9P, or 0. */
unsigned pair_rootfs(struct pair pair);
bool pair_has_network(struct pair pair);

/* "initrd"; static. */
const char *storage_name(enum storage_row storage);
/* The key of the contract that asks for it; static. */
const char *storage_key(enum storage_row storage);
/* "amd64"; static. */
const char *architecture_name(enum architecture_row architecture);

/* The names of a set, with the separator between them; "" for none. Owned by the caller. */
char *storage_names(unsigned set, const char *separator);
char *architecture_names(unsigned set, const char *separator);

/* For each pair that exists, by framework and then by hypervisor. */
#define FOR_EACH_PAIR(pair_)                                                                                 \
    for (struct pair pair_ = {(enum framework)0, (enum hypervisor)0}; pair_.framework < FRAMEWORK_COUNT;     \
         pair_ = pair_next(pair_))                                                                           \
        if (pair_exists(pair_))

bool pair_exists(struct pair pair);
struct pair pair_next(struct pair pair);

#endif
