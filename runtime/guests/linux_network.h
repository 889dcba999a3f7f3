/* The network in words of the Linux command line. */
#ifndef RUNTIME_GUESTS_LINUX_NETWORK_H
#define RUNTIME_GUESTS_LINUX_NETWORK_H

#include "runtime/guests/guest.h"

/* The kernel's own parameter, for the first interface's IPv4. */
void linux_add_ip(struct buffer *line, const struct guest_input *input);

/* The rest, in words that only urunc's init understands: runtime/init/machine/network.c. */
void linux_add_network_words(struct buffer *line, const struct guest_input *input);

#endif
