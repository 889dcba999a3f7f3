/*
 * The port of a further program in a guest (runtime/channel.h): added to the running machine, and removed.
 *
 * QEMU gets one end of a pair of sockets and makes a port of it; so the caller's own descriptors never reach
 * the monitor, and a client that dies closes its end, which the guest hears of. What such a client leaves in
 * QEMU, a device and a character device without its socket, is cleared away by the next one.
 */
#ifndef RUNTIME_LIFECYCLE_EXEC_EXEC_PORT_H
#define RUNTIME_LIFECYCLE_EXEC_EXEC_PORT_H

#include "formats/base/error.h"

struct exec_port {
    int fd; /* owned; -1: none; not blocking */
    unsigned number;
};
#define EXEC_PORT_NONE ((struct exec_port){.fd = -1})

/* Adds a port to the machine of the container of this state directory and has the agent take it. */
int exec_port_open(int directory, struct exec_port *port, struct error *error);

/* Removes it from the machine where that is still possible, and closes it. */
void exec_port_remove(int directory, struct exec_port *port);

#endif
