/* The ports of the channel (runtime/channel.h) in the guest: virtio-serial ports, found by their names. */
#ifndef RUNTIME_INIT_PORTS_H
#define RUNTIME_INIT_PORTS_H

#include <stdbool.h>

enum port { PORT_STDIN, PORT_STDOUT, PORT_STDERR, PORT_CONTROL, PORT_WINDOW, PORTS };

/* Descriptors, non-blocking; each port can be opened once, so they are the only ones. That of the window may
 * be missing: -1. */
struct ports {
    int fds[PORTS];
};

/* Waits up to five seconds for the ports that must be there and opens all, connected to the host. False:
 * complained, and nothing is open. */
bool ports_open(struct ports *ports);

/* Opens the port of that name, not blocking, without waiting for it. -1 with errno set: ENOENT where there is
 * none. */
int port_open_named(const char *wanted);

#endif
