/* Which stages name which, and which of them the target needs. */
#ifndef BUILDER_BUILD_ORDER_H
#define BUILDER_BUILD_ORDER_H

#include "builder/build/build.h"

enum { STAGE_SCRATCH = -1 };

/*
 * Marks the stages that the target needs and puts the target's number into *target. A stage may only name
 * stages before it, so the order of the spec is an order of execution. Errors: an unknown target; a base that
 * is neither scratch nor a stage; a stage that is used before it is defined or is built from itself. Placed,
 * where a line is to blame.
 */
int order_stages(struct build *build, size_t *target, struct error *error);

/* The stage that a FROM (expanded with the globals) begins with, or STAGE_SCRATCH; -2 and an error. */
int order_base(const struct build *build, size_t stage, struct error *error);

/* The stage that the instruction's --from names, by name or number; -2 and an error. Only for instructions of
 * the stage with this number, which has the flag. */
int order_from(const struct build *build, size_t stage, const struct instruction *instruction,
               struct error *error);

#endif
