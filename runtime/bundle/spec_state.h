/* A container's state as hooks and `state` get it (runtime-spec, runtime.md, "State"). */
#ifndef RUNTIME_BUNDLE_SPEC_STATE_H
#define RUNTIME_BUNDLE_SPEC_STATE_H

#include <jansson.h>
#include <sys/types.h>

/* All of it is borrowed. */
struct spec_state {
    const char *oci_version;
    const char *id;
    const char *status;        /* "creating" */
    pid_t pid;                 /* on the host; 0: there is no process */
    const char *bundle;        /* absolute path */
    const json_t *annotations; /* or NULL */
};

/* A new reference. */
json_t *spec_state_json(const struct spec_state *state);
/* The same as text; owned by the caller. */
char *spec_state_text(const struct spec_state *state);

#endif
