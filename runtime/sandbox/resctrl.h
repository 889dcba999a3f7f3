/*
 * linux.intelRdt (runtime-spec, config-linux.md, "IntelRdt"): the share of cache and memory bandwidth that
 * the processor gives to the monitor. The kernel's interface is the file system resctrl (its documentation:
 * filesystems/resctrl.rst): a directory is a group of processes, its file `schemata` the group's shares, its
 * file `tasks` takes process IDs, and each group can have groups for measuring alone below `mon_groups`.
 */
#ifndef RUNTIME_SANDBOX_RESCTRL_H
#define RUNTIME_SANDBOX_RESCTRL_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

/* What the bundle asks for; all memory is owned. */
struct resctrl_request {
    bool wanted;
    char *class;             /* closID: "" for the default group ("/"), NULL for one of the container's own */
    struct strings compared; /* lines that an existing group must have already, and a new one is given */
    struct strings schemata; /* lines that are written in any case, after those */
    bool monitoring;
};

/* Reads linux.intelRdt; nothing of the host is looked at. */
int resctrl_read(const json_t *linux_object, const char *file, struct resctrl_request *request,
                 struct error *error);
void resctrl_request_free(struct resctrl_request *request);

/* The container's groups; all memory is owned. */
struct resctrl {
    char *group;      /* its name below the mount; "": the default group; NULL: the container has none */
    bool made;        /* for the container alone, and so removed with it; or about to be made */
    char *monitoring; /* the name of its group below mon_groups, or NULL */
};

/* The mount point of the host's resctrl; owned. NULL and an error where there is none. */
char *resctrl_find(struct error *error);

/* Says which groups the container will have, which is written down before resctrl_make. An existing group
 * whose shares are others, and one that is missing without anything to make it from, are errors. */
int resctrl_plan(const char *mount, const struct resctrl_request *request, const char *id,
                 struct resctrl *resctrl, struct error *error);
/* Makes the groups and writes their shares. On failure `resctrl` says what resctrl_remove is to take back. */
int resctrl_make(const char *mount, const struct resctrl_request *request, struct resctrl *resctrl,
                 struct error *error);
/* Moves a process, whose children follow. */
int resctrl_join(const char *mount, const struct resctrl *resctrl, pid_t pid, struct error *error);
/* Removes what was made for the container alone. A missing one is not an error. */
int resctrl_remove(const char *mount, const struct resctrl *resctrl, struct error *error);

/* For state.json: an object, or NULL where there is no group. */
json_t *resctrl_to_json(const struct resctrl *resctrl);
int resctrl_from_json(const json_t *object, const char *file, struct resctrl *resctrl, struct error *error);
void resctrl_free(struct resctrl *resctrl);

#endif
