/* Linux namespaces: which ones the bundle asks for, joining and making them, and user mappings. */
#ifndef RUNTIME_SANDBOX_NAMESPACES_NAMESPACES_H
#define RUNTIME_SANDBOX_NAMESPACES_NAMESPACES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "runtime/sandbox/namespaces/id_mappings.h"
#include "runtime/sandbox/namespaces/time_offsets.h"

enum namespace_kind {
    NAMESPACE_USER,
    NAMESPACE_PID,
    NAMESPACE_NETWORK,
    NAMESPACE_MOUNT,
    NAMESPACE_IPC,
    NAMESPACE_UTS,
    NAMESPACE_CGROUP,
    NAMESPACE_TIME,
    NAMESPACE_COUNT,
};

/* By enum namespace_kind: the name in config.json, the clone flag. */
extern const struct namespace_type {
    const char *name;
    uint64_t flag;
} namespace_types[NAMESPACE_COUNT];

/* Opens a namespace by its path, as it stands in config.json; anything else at that path is not opened, and
 * an error. The caller owns the descriptor. */
int namespace_open(const char *path, struct error *error);

/* Enters an opened network namespace; where that is not permitted, first the user namespace that it belongs
 * to, in which the user who made it has all capabilities. Returns -1 and errno. */
int namespace_enter_network(int fd);

struct namespaces {
    bool wanted[NAMESPACE_COUNT];
    char *path[NAMESPACE_COUNT]; /* to join; NULL: a new one where wanted; owned */
    struct id_mappings uid_mappings;
    struct id_mappings gid_mappings;
    struct time_offsets time_offsets;
};

/* Reads linux.namespaces, uidMappings, gidMappings and timeOffsets and checks that they fit together. */
int namespaces_read(const json_t *linux_object, const char *file, struct namespaces *namespaces,
                    struct error *error);
void namespaces_free(struct namespaces *namespaces);

static inline bool namespace_is_new(const struct namespaces *namespaces, enum namespace_kind kind)
{
    return namespaces->wanted[kind] && namespaces->path[kind] == NULL;
}

/* The host's ID behind a container's ID; the ID itself without a new user namespace; -1 where no mapping
 * holds it. */
int64_t namespaces_host_uid(const struct namespaces *namespaces, uint32_t uid);

/*
 * Clones the calling process into the namespaces: those with a path are joined, the new ones made. A mount
 * namespace is always made, because the monitor's root is private. The child runs `run(data)`, which must not
 * return, and is a child of the caller even where a second process had to do the joining. Its signal
 * dispositions and memory are copies as after fork(2). `cgroup_fd` is a version 2 cgroup's directory that it
 * is born in, or -1. Returns the child's process ID, as the caller sees it. A new cgroup namespace is left to
 * the child, which must be in its cgroup first, and so is a new time namespace (time_offsets.h). From here on
 * neither the caller nor the child is dumpable.
 */
pid_t namespaces_spawn(const struct namespaces *namespaces, int cgroup_fd, void (*run)(void *data),
                       void *data, struct error *error);

/* In a user namespace the child starts as nobody in particular; once its mappings are written it becomes that
 * namespace's root. */
int namespaces_become_root(struct error *error);

/* Writes the user mappings of a child in a new user namespace. */
int namespaces_write_mappings(const struct namespaces *namespaces, pid_t pid, struct error *error);

/* True if the path names the namespace that the calling process is in; `own` is "net" and the like. */
bool namespace_is_own(const char *path, const char *own);

#endif
