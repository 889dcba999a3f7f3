/*
 * Loaded into the monitor of a guest that has a terminal (LD_PRELOAD): writes the terminal's size to a
 * socket, as a frame of runtime/channel.h, whenever it changes.
 *
 * The size is told once at the start as well: one that was set after the guest's command line was made, and
 * before the handler stood, sent a signal that nobody heard. A guest that has that size already notices
 * nothing.
 *
 * No library is linked: what is used is the monitor's own C library, and in the handler only what is safe
 * there (signal-safety(7)).
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/channel.h"
#include "runtime/window_size/window_size.h"

static int guest = -1;

/* The socket does not block, and takes a frame whole or not at all. One that a guest which reads nothing has
 * filled takes no further sizes: the next change after it has read them is told again. */
static void tell(int number)
{
    int before = errno;
    struct winsize size;
    uint8_t payload[4], frame[sizeof(struct channel_header) + sizeof payload];
    (void)number;
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row != 0 && size.ws_col != 0) {
        channel_put16(payload, size.ws_row);
        channel_put16(payload + 2, size.ws_col);
        ssize_t ignored =
            write(guest, frame, channel_write(frame, CHANNEL_WINDOW, 0, payload, sizeof payload));
        (void)ignored;
    }
    errno = before;
}

__attribute__((constructor)) static void listen_for_sizes(void)
{
    const struct sigaction action = {.sa_handler = tell, .sa_flags = SA_RESTART};
    const char *text = getenv(WINDOW_SIZE_VARIABLE);
    if (text == NULL)
        return;
    guest = atoi(text);
    sigaction(SIGWINCH, &action, NULL);
    tell(SIGWINCH);
}
