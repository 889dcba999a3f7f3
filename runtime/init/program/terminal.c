#include "runtime/init/program/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/init/console.h"

bool terminal_open(int *master, int *slave)
{
    int unlock = 0;
    *master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    *slave = -1;
    /* By the master, so that nothing in /dev can stand for the slave. */
    if (*master >= 0 && ioctl(*master, TIOCSPTLCK, &unlock) == 0)
        *slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*slave >= 0)
        return true;
    complain("cannot make a terminal for the program:");
    if (*master >= 0)
        close(*master);
    *master = -1;
    return false;
}

int terminal_resize(int master, uint16_t rows, uint16_t columns)
{
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(master, TIOCSWINSZ, &size);
}
