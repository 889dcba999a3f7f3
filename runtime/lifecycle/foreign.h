/*
 * Containers of another runtime under urunc's root: a pod's pause container and its sidecars. Engines give
 * every container of a pod to one runtime with one root, so their records stand beside urunc's own.
 */
#ifndef RUNTIME_LIFECYCLE_FOREIGN_H
#define RUNTIME_LIFECYCLE_FOREIGN_H

#include "formats/base/error.h"
#include "runtime/lifecycle/state.h"

/* The name of the runtime whose record stands in the state directory: "runc" (state.json with an
 * init_process_pid), "crun" (status), "" for one that is not known. NULL where it is urunc's own, and where
 * it is broken or missing: `delete --force` can clear that. */
const char *foreign_runtime(int directory);

/*
 * Reads of another runtime's record what ends and removes its container where that runtime is gone: process,
 * start time and cgroups. Fields that are missing stay empty. The cgroups are those that stand there now.
 */
int foreign_read(int directory, struct state *state, struct error *error);

/* Removes the files in the state directory, and in the directories in it. */
int foreign_clear(int directory, struct error *error);

#endif
