/* The container's terminal: a pseudoterminal whose slave becomes the monitor's stdio and whose master goes to
 * the engine over --console-socket, or stays with `urunc run`. */
#ifndef RUNTIME_SANDBOX_CONSOLE_H
#define RUNTIME_SANDBOX_CONSOLE_H

#include <stdint.h>
#include <sys/types.h>

#include "formats/base/error.h"

struct console {
    int master; /* each owned; -1 when closed */
    int slave;
};
#define CONSOLE_NONE ((struct console){.master = -1, .slave = -1})

/* Opens a pair; height and width in characters, 0: not known. The slave belongs to `owner`, where that can be
 * set. */
int console_open(uint16_t height, uint16_t width, uid_t owner, struct console *console, struct error *error);
/* Sends the master to the socket at `path`, as runc does: SCM_RIGHTS with the message "/dev/ptmx". */
int console_send(const struct console *console, const char *path, struct error *error);
/* Makes the slave stdin, stdout, stderr and the controlling terminal of the calling process, a session
 * leader. */
int console_take(const struct console *console, struct error *error);
void console_close(struct console *console);

#endif
