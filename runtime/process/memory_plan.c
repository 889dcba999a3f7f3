#include "runtime/process/memory_plan.h"

#include <inttypes.h>

#include "formats/contract/annotations.h"

#define MIB          ((uint64_t)1 << 20)
#define LEAST_MEMORY (2 * MIB) /* below it no machine starts */
#define LIMIT_KEY    "linux.resources.memory.limit"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The room beside a guest with the whole limit is enough for the monitor. */
static bool has_room(const struct memory_question *question, uint64_t guest)
{
    uint64_t left = question->room.left;
    return left == CGROUP_NO_LIMIT || (left >= guest && left - guest >= question->footprint);
}

/* What the monitor may have on top of the limit. */
static uint64_t overhead_of(const struct memory_question *question)
{
    if (!has_room(question, question->limit))
        return 0;
    return least(question->overhead, question->room.left - question->limit);
}

static int too_little(const struct memory_question *question, uint64_t total, uint64_t wanted,
                      struct error *error)
{
    return error_set(error,
                     LIMIT_KEY ": %" PRIu64
                               " MiB for guest and monitor together, since the cgroups above leave "
                               "no more, but a guest of %s needs %" PRIu64 " MiB and its monitor %" PRIu64
                               " MiB; raise the limit, or give the pod's RuntimeClass an overhead",
                     total / MIB, question->framework, (wanted + MIB - 1) / MIB, question->footprint / MIB);
}

int memory_plan(const struct memory_question *question, struct memory_plan *plan, struct error *error)
{
    uint64_t needed = question->needed > LEAST_MEMORY ? question->needed : LEAST_MEMORY;
    uint64_t wanted = question->asked != 0                      ? question->asked
                      : question->limit != 0                    ? question->limit
                      : question->configured > question->needed ? question->configured
                                                                : question->needed;
    *plan = (struct memory_plan){.guest = wanted, .footprint = question->footprint};
    if (question->limit != 0)
        plan->overhead = overhead_of(question);
    if (has_room(question, question->limit != 0 ? question->limit : wanted))
        return 0;
    uint64_t total =
        question->limit != 0 ? least(question->limit, question->room.limit) : question->room.limit;
    uint64_t left = total > question->footprint ? (total - question->footprint) / MIB * MIB : 0;
    /* An image that says how much it wants would not do with less. */
    if (left < needed || (question->asked != 0 && left < question->asked))
        return too_little(question, total, question->asked > needed ? question->asked : needed, error);
    plan->guest = least(wanted, left);
    return 0;
}

int memory_plan_again(const struct memory_question *question, struct memory_plan *plan, struct error *error)
{
    uint64_t overhead = overhead_of(question);
    uint64_t least_limit = plan->guest + (overhead > 0 ? 0 : plan->footprint);
    if (question->limit < least_limit)
        return error_set(error,
                         LIMIT_KEY ": %" PRIu64 " bytes, but the guest has had %" PRIu64
                                   " MiB since it was made, and keeps them until it ends; the least limit is "
                                   "%" PRIu64 " bytes",
                         question->limit, plan->guest / MIB, least_limit);
    plan->overhead = overhead;
    return 0;
}
