/* The sockets between the monitor and the programs that serve the guest's directories. */
#ifndef RUNTIME_LIFECYCLE_SHARE_SOCKETS_H
#define RUNTIME_LIFECYCLE_SHARE_SOCKETS_H

#include "runtime/process/guest/guest_setup.h"

/* Makes those of each share that is served by virtiofs: one that listens, with a connection waiting. Their
 * name in the container's state directory is gone again: nobody else can connect. */
int share_sockets_make(int directory, struct guest_setup *setup, struct error *error);

#endif
