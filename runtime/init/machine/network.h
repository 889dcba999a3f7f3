/* The guest's network, from ip= and our own words. */
#ifndef RUNTIME_INIT_NETWORK_H
#define RUNTIME_INIT_NETWORK_H

#include "runtime/init/cmdline.h"

/* lo up; the interface, its address and the default route as ip= says; /etc/resolv.conf where it is missing
 * or empty. What fails is complained about: the program may do without. */
void network_configure(const struct cmdline *cmdline);

#endif
