/* What the monitor may do: limits, identity, capabilities, labels. */
#ifndef RUNTIME_SANDBOX_PRIVILEGES_H
#define RUNTIME_SANDBOX_PRIVILEGES_H

#include "formats/base/error.h"
#include "runtime/bundle/process.h"

/* Security labels for the next execve(2) (process.apparmorProfile, process.selinuxLabel): opened while /proc
 * is there. */
struct exec_label {
    int fd; /* -1: none */
    char *text;
};
#define EXEC_LABEL_NONE ((struct exec_label){.fd = -1})

int exec_label_open(const struct process *process, struct exec_label *label, struct error *error);
int exec_label_apply(const struct exec_label *label, struct error *error);

/*
 * Gives up everything that the bundle does not grant: resource limits, groups, user, capabilities (at most
 * those that the process has), umask, and no_new_privs, which is set always. A hard limit that is above the
 * process's own and may not be raised (no CAP_SYS_RESOURCE) is cut down to it; every other failure is an
 * error.
 */
int privileges_drop(const struct process *process, struct error *error);

#endif
