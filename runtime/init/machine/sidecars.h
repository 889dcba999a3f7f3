/* Calling the other containers of the guest's pod: machine/sidecars/calls.c tells how. */
#ifndef RUNTIME_INIT_SIDECARS_H
#define RUNTIME_INIT_SIDECARS_H

#include <stdbool.h>

/*
 * For all programs below the control group (a directory of cgroup2), as long as the calling process lives.
 * `addresses` are the pod's, "10.0.0.2/fd00::2", either of which may be missing. False, with errno set, where
 * they make no sense or the kernel cannot (it wants Linux 5.8 with CONFIG_CGROUP_BPF).
 */
bool sidecars_attach(int cgroup, const char *addresses);

/* The same for all programs of this machine. A kernel that cannot is no error: the pod is then reached by
 * the addresses of runtime/network/sharing/settings.h alone. */
void sidecars_serve(const char *addresses);

#endif
