/* Hooks (runtime-spec, config.md, "POSIX-platform Hooks"): programs of the engine, run at points of the
 * lifecycle. */
#ifndef RUNTIME_BUNDLE_HOOKS_H
#define RUNTIME_BUNDLE_HOOKS_H

#include <jansson.h>
#include <stdbool.h>

#include "formats/base/error.h"

enum hook_point {
    HOOK_PRESTART,
    HOOK_CREATE_RUNTIME,
    HOOK_CREATE_CONTAINER,
    HOOK_START_CONTAINER,
    HOOK_POSTSTART,
    HOOK_POSTSTOP,
    HOOK_POINT_COUNT,
};

extern const char *const hook_names[HOOK_POINT_COUNT]; /* as in config.json */

/* Checks the `hooks` object of a config (NULL is fine): types, absolute paths, timeouts above 0. */
int hooks_check(const json_t *hooks, const char *file, struct error *error);

/* True if there is anything to run at that point. */
bool hooks_has(const json_t *hooks, enum hook_point point);

/*
 * Runs the hooks of a point in their order, each with `state` (the container's state as JSON text) on stdin
 * and exactly the environment that it lists. Stops at the first that fails, with the end of what it printed
 * in the error. A hook that outlives its timeout is killed, which is a failure. The object was checked.
 */
int hooks_run(const json_t *hooks, enum hook_point point, const char *state, struct error *error);

/* Runs all of them, whichever fail; `failed(data, error)` is called for each that does. */
void hooks_run_all(const json_t *hooks, enum hook_point point, const char *state,
                   void (*failed)(void *data, struct error *error), void *data);

/* As hooks_run; each hook's process calls `enter(data, error)` before it executes the hook. */
int hooks_run_inside(const json_t *hooks, enum hook_point point, const char *state,
                     int (*enter)(void *data, struct error *error), void *data, struct error *error);

#endif
