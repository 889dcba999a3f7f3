/* The guest's network, from ip= and our own words (runtime/guests/linux_network.c). */
#ifndef RUNTIME_INIT_NETWORK_H
#define RUNTIME_INIT_NETWORK_H

#include "runtime/init/cmdline.h"

/* lo up; interfaces, addresses and routes as ip= and then the other words say; /etc/resolv.conf where it is
 * missing or empty. What fails is complained about: the program may do without. */
void network_configure(const struct cmdline *cmdline);

#endif
