/* The stages that the target needs. */
#ifndef BUILDER_BUILD_ORDER_H
#define BUILDER_BUILD_ORDER_H

#include "builder/stage/scope.h"

/*
 * Marks the stages that the target needs and puts the target's number into *target. A stage may only name
 * stages before it, so the order of the spec is an order of execution. Errors: an unknown target; a stage
 * that is named and cannot be used. Placed, where a line is to blame.
 */
int order_stages(struct build *build, size_t *target, struct error *error);

#endif
