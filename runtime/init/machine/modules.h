/* Loading kernel modules. */
#ifndef RUNTIME_INIT_MODULES_H
#define RUNTIME_INIT_MODULES_H

struct cmdline;

/*
 * Loads the panic device's drivers first, those of the channel's ports where there is a channel, and those of
 * the host's directories where any is to be mounted, as far as they are there. Then what /etc/modules names
 * (modules(5): one a line, with "#" comments), each after what it depends on; where there is no such file,
 * every module below /lib/modules/<release>. A module that is loaded or built in already is fine; one that
 * was named and cannot be loaded is complained about.
 */
void modules_load(const struct cmdline *cmdline);

#endif
