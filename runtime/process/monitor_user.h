/* The user and groups that the monitor runs as on the host. */
#ifndef RUNTIME_PROCESS_MONITOR_USER_H
#define RUNTIME_PROCESS_MONITOR_USER_H

#include "formats/base/buffer.h"
#include "runtime/bundle/bundle.h"
#include "runtime/sandbox/privileges/privileges.h"

enum { MONITOR_NOBODY = 65534 }; /* user and group */

struct monitor_user {
    struct identity identity;
    gid_t *groups;              /* of the identity; owned */
    struct strings devices;     /* that it opens; those of the host, where it can */
    struct strings own_devices; /* of these: the host's are not open to it, so it gets nodes of its own */
};

/*
 * The bundle's user and groups; for user 0, 65534 and no groups. Without capabilities user 0 could still do
 * to the host what owners may, and the monitor needs nothing of that: disk, tap and terminal reach it opened,
 * and files that only user 0 may read are copied for it. Where 65534 does not exist (a user namespace of few
 * IDs), 0 stays; it is an ordinary user of the host there.
 *
 * `owner`, where it is not NULL, is the owner of disks that the monitor must open (guest_disks.h): it is that
 * user instead.
 *
 * The group that may open one of the monitor's devices ("/dev/kvm" is often root:kvm 0660) is added. Of a
 * device that is open to root alone (Linux makes /dev/net/tun so, until udev changes it) the private root
 * gets a node that is the monitor's: who runs urunc may give it away. A group of the caller's that the user
 * namespace does not have cannot be given, only kept; so where it opens a device all of the caller's stay.
 * Called while /proc and the devices can be reached.
 */
int monitor_user_choose(const struct process *process, const struct identity *owner,
                        const struct strings *devices, struct monitor_user *user, struct error *error);

/* That user as the host knows it, where it is not an owner of disks; -1: not known. */
int64_t monitor_host_user(const struct bundle *bundle);

void monitor_user_free(struct monitor_user *user);

#endif
