/* What a guest's agent is told to start: the items of runtime/channel.h. */
#ifndef RUNTIME_LIFECYCLE_EXEC_EXEC_ITEMS_H
#define RUNTIME_LIFECYCLE_EXEC_EXEC_ITEMS_H

#include "formats/base/buffer.h"
#include "runtime/bundle/process.h"

/* Adds the process as items. An error where it has no arguments, or is longer than a guest takes. */
int exec_items_add(struct buffer *items, const struct process *process, bool sealed, struct error *error);

#endif
