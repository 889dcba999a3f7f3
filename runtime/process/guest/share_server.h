/*
 * The programs that serve the guest's directories by virtiofs, one a directory.
 *
 * A program (virtiofsd.h) reads the guest's requests out of the guest's memory, so it is as exposed to the
 * guest as the monitor is. `create` binds its socket, connects the monitor's end to it and takes the name
 * away: nobody else ever connects. The container's process starts it while there are privileges. From then on
 * it is a child of the monitor, in its cgroups, ends with it, and has nothing of the host but
 *
 * - a mount namespace whose root holds the directory, the program and its libraries; processes, network and
 *   IPC objects of its own;
 * - the monitor's user, as whom all is done that the guest asks for: calls that would make it another one
 *   have no effect;
 * - CAP_SYS_CHROOT, to make the directory its root, and CAP_SETPCAP, to empty its bounding set. It gives up
 *   both before the first request.
 */
#ifndef RUNTIME_PROCESS_SHARE_SERVER_H
#define RUNTIME_PROCESS_SHARE_SERVER_H

#include "runtime/process/guest/guest_setup.h"
#include "runtime/sandbox/privileges/privileges.h"

enum { SHARE_SERVER_FOOTPRINT = 8 << 20 }; /* bytes that one of them was measured to need */

/* Bytes that all of them need. */
uint64_t share_servers_footprint(const struct guest_setup *setup);

/* Starts those of the shares that have a socket, as that user, and closes what they alone need. `label` is
 * linux.mountLabel, or NULL. Called in the container's process, before it gives up its privileges and the
 * host's tree. */
int share_servers_start(struct guest_setup *setup, const struct identity *user, const char *label,
                        struct error *error);

#endif
