/*
 * The rights of a program: limits, identity, labels, no_new_privs. (Capabilities have a header of their own.)
 *
 * They are given up in steps, because each step can need what a later one takes away: limits are raised first
 * (CAP_SYS_RESOURCE), then the identity changes (CAP_SETUID, CAP_SETGID), then capabilities go.
 */
#ifndef RUNTIME_SANDBOX_PRIVILEGES_PRIVILEGES_H
#define RUNTIME_SANDBOX_PRIVILEGES_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "formats/base/error.h"

struct rlimit_request {
    const char *name; /* "RLIMIT_NOFILE"; static */
    int resource;
    uint64_t soft;
    uint64_t hard;
};

/* Raises the hard limits that are below what is asked for, where that is permitted. */
void rlimits_raise(const struct rlimit_request *limits, size_t count);
/* Sets the limits; needs no privilege. A hard limit that could not be raised stays as it is, and the soft one
 * is at most that. */
int rlimits_apply(const struct rlimit_request *limits, size_t count, struct error *error);

struct identity {
    uid_t uid;
    gid_t gid;
    const gid_t *groups; /* the additional ones; borrowed */
    size_t group_count;
    bool keeps_groups; /* those that the process has stay */
};

/* Becomes this user in every ID. The permitted capabilities stay, and are to be given up next. The process is
 * not dumpable afterwards. */
int identity_take(const struct identity *identity, struct error *error);
/* True if both IDs exist in the calling process's user namespace. Needs /proc. */
bool identity_is_mapped(uid_t uid, gid_t gid);
bool identity_group_is_mapped(gid_t gid);

/* No other process of the same user may trace the calling process or look into it. Changing the identity
 * takes this back where /proc/sys/fs/suid_dumpable is 1, so it is said again after each change. */
int privileges_hide_process(struct error *error);
/* Programs that are executed gain nothing (PR_SET_NO_NEW_PRIVS); cannot be taken back. */
int privileges_seal(struct error *error);

/* A security label for the next execve(2), opened while /proc is there. At most one of the two texts is given
 * (the kernel has one of the modules). */
struct exec_label {
    int fd;            /* -1: none */
    const char *field; /* of `process` in config.json; static */
    char *text;
};
#define EXEC_LABEL_NONE ((struct exec_label){.fd = -1})

int exec_label_open(const char *apparmor_profile, const char *selinux_label, struct exec_label *label,
                    struct error *error);
int exec_label_apply(const struct exec_label *label, struct error *error);
void exec_label_free(struct exec_label *label);

#endif
