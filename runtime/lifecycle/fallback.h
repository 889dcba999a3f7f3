/* Handing a command over to the runtime that runs ordinary containers: pause and sidecar containers of a
 * pod. */
#ifndef RUNTIME_LIFECYCLE_FALLBACK_H
#define RUNTIME_LIFECYCLE_FALLBACK_H

#include <jansson.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "runtime/lifecycle/lifecycle.h"

/*
 * Executes the configured fallback runtime, else runc, else crun, with the same command line, but for
 * --config, which is ours, and with our --root, so that later commands find the container where they look.
 * `globals` are the global flags, `rest` the command and what follows. `made_by` is the runtime that made the
 * container (container_foreign_runtime), NULL where it is about to be made: a container of runc's stays
 * runc's when the configuration comes to name crun. Returns only on failure; error->number is ENOENT where
 * the runtime is not installed.
 */
int fallback_exec(const struct runtime *runtime, const struct strings *globals, char *const *rest,
                  const char *made_by, struct error *error);

/* What `state` of such a runtime prints for the container (owned); NULL where it fails. */
json_t *fallback_state(const struct runtime *runtime, const char *id, const char *made_by);

#endif
