/* Handing a command over to the runtime that runs ordinary containers: pause and sidecar containers of a
 * pod. */
#ifndef RUNTIME_LIFECYCLE_FALLBACK_H
#define RUNTIME_LIFECYCLE_FALLBACK_H

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "runtime/lifecycle/lifecycle.h"

/*
 * Executes the configured fallback runtime, else runc, else crun, with the same command line, but for
 * --config, which is ours, and with our --root, so that later commands find the container where they look.
 * `globals` are the global flags, `rest` the command and what follows. Returns only on failure.
 */
int fallback_exec(const struct runtime *runtime, const struct strings *globals, char *const *rest,
                  struct error *error);

#endif
