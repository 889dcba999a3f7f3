/*
 * The container's control groups, in every hierarchy of the host: version 1, version 2 and both at once
 * ("hybrid").
 *
 * cgroups are made and removed directly in the filesystem. A systemd path "slice:prefix:name" stands for the
 * directories that systemd would make.
 */
#ifndef RUNTIME_SANDBOX_CGROUPS_CGROUPS_H
#define RUNTIME_SANDBOX_CGROUPS_CGROUPS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "formats/base/error.h"

/* Controllers that urunc writes to or reads from; what else is mounted is joined only. */
enum cgroup_controller {
    CGROUP_MEMORY = 1 << 0,
    CGROUP_CPU = 1 << 1,
    CGROUP_CPUSET = 1 << 2,
    CGROUP_PIDS = 1 << 3,
    CGROUP_IO = 1 << 4,
    CGROUP_HUGETLB = 1 << 5,
    CGROUP_CPUACCT = 1 << 6, /* of version 1, for figures only */
    CGROUP_ALL = (1 << 7) - 1,
};

/* The controller of that name ("blkio" in version 1 is "io" in version 2), or 0 for one that is only joined.
 */
unsigned cgroup_controller(const char *name);
/* Its name in version 2. */
const char *cgroup_controller_name(unsigned controller);

enum { CGROUP_DEPTH_MAX = 64 };

struct cgroup {
    char *directory; /* "/sys/fs/cgroup/memory/docker/ID"; owned */
    size_t mount;    /* how long the mount point at its beginning is; not kept in state.json */
    dev_t device;    /* of the hierarchy */
    /* Inode numbers of what was made for the container: `directory`, its parent and so on. 0: about to be
     * made. None: the cgroup was there before, and is not the container's to signal or remove. */
    ino_t made[CGROUP_DEPTH_MAX];
    size_t made_count;
    bool v2;
    unsigned controllers; /* enum cgroup_controller */
    int join_fd;          /* while a process is being made, see cgroups_open; -1: closed */
};

struct cgroup_journal;

struct cgroups {
    struct cgroup *items;
    size_t count;
    bool of_unit; /* the last directory is made by systemd for the container, with a process in it */
    struct cgroup_journal *journal; /* where limits note what was there before (journal.h); NULL: nowhere */
};

enum { CGROUP_FILE_MAX = 1 << 20 }; /* bytes of a file that is read: cgroup.procs of a large group */

/* A mounted hierarchy. */
struct cgroup_mount {
    char *directory; /* mount point; owned */
    char device[24]; /* "0:32": a hierarchy that is mounted twice is one */
    bool v2;
    unsigned controllers; /* of version 1 */
};

struct cgroup_mounts {
    struct cgroup_mount *items;
    size_t count;
};

/* Takes the hierarchies from the text of a /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
void cgroup_mounts_parse(const char *mountinfo, struct cgroup_mounts *mounts);
/* Those of the calling process, line by line: a node full of pods has a table of megabytes. */
int cgroup_mounts_read(struct cgroup_mounts *mounts, struct error *error);
void cgroup_mounts_free(struct cgroup_mounts *mounts);

/* The path below each mount point for linux.cgroupsPath, with a leading slash: NULL gives "/urunc-ID",
 * "system.slice:urunc:ID" gives "/system.slice/urunc-ID.scope". NULL and an error where it has "..". Owned.
 */
char *cgroup_path(const char *cgroups_path, const char *id, struct error *error);

/* Finds where the cgroups will be and which of their directories are missing. What this says is written down
 * before cgroups_create, so that `delete` can clear up after a `create` that was killed. */
int cgroups_plan(const char *path, struct cgroups *cgroups, struct error *error);

/*
 * Makes the planned cgroups and sets the limits of linux.resources (may be NULL); memory limits are raised by
 * `overhead` bytes, which the monitor needs beyond the guest. A hierarchy that cannot be written to is left
 * out, which is an error only where a limit needs it. On failure nothing is left.
 */
int cgroups_create(struct cgroups *cgroups, const json_t *resources, uint64_t overhead, struct error *error);
/* Sets the limits; used by cgroups_create (limits.c). docs/urunc.8 says of each field of
 * linux.resources whether it is applied, met without being applied, or refused. */
int cgroups_set_limits(const struct cgroups *cgroups, const json_t *resources, uint64_t overhead,
                       struct error *error);
/* Sets the limits anew, all of them or none. */
int cgroups_change_limits(struct cgroups *cgroups, const json_t *resources, uint64_t overhead,
                          struct error *error);
/* Writes a value to a file of a cgroup; error->number is the errno. */
int cgroup_write(const struct cgroup *cgroup, const char *file, const char *value, struct error *error);

/*
 * How a new process comes into all of them. Moving it from outside makes the kernel wait for a grace period,
 * 5 to 20 ms, the largest part of a start. Two ways do not: to be cloned into a cgroup of version 2, and a
 * thread's moving itself by a `tasks` file of version 1.
 *
 * cgroups_open opens what both need. cgroups_clone_fd gives the directory to clone into (-1: none).
 * cgroups_join is called by the new process, which has one thread. cgroups_close closes it all.
 */
int cgroups_open(struct cgroups *cgroups, struct error *error);
int cgroups_clone_fd(const struct cgroups *cgroups);
int cgroups_join(const struct cgroups *cgroups, struct error *error);
void cgroups_close(struct cgroups *cgroups);
/* The calling process, which has one thread, joins the cgroups of a container that runs (enter.c). */
int cgroups_enter(struct cgroups *cgroups, struct error *error);

/*
 * Signalling and removing (remove.c) touch only what was made for the container: a directory below the
 * root of a cgroup hierarchy, with the device and inode number that it had when it was made.
 */

/* Opens the directory (O_PATH; owned). -1 without an error where it is gone, or was never made for the
 * container; -1 with one where no cgroup of a container can be. */
int cgroup_open(const struct cgroup *cgroup, struct error *error);
/* The processes in them, sorted; *pids is owned. None: 0. */
int cgroups_processes(const struct cgroups *cgroups, pid_t **pids, size_t *count, struct error *error);

/* Signals each process in them, but not the caller. Returns 1, or 0 where none of the cgroups is (still) the
 * container's. */
int cgroups_signal(const struct cgroups *cgroups, int signal, struct error *error);
/* Kills what is left in them and removes them. A cgroup that is gone is fine, also where another stands in
 * its place; what was about to be made is only removed where it is empty. */
int cgroups_remove(const struct cgroups *cgroups, struct error *error);
/* Removes the cgroups of that path in every hierarchy where they are empty, for a container of which nothing
 * else is known. Signals nobody. */
void cgroups_remove_empty(const char *path);

json_t *cgroups_to_json(const struct cgroups *cgroups);
int cgroups_from_json(const json_t *array, const char *file, struct cgroups *cgroups, struct error *error);
void cgroups_free(struct cgroups *cgroups);

#endif
