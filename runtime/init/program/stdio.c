#include "runtime/init/program/stdio.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/init/console.h"

/* A program that writes much is not stopped at each 64 KiB; the limit of a user who is not root. */
enum { PIPE_SIZE = 1024 * 1024 };

bool stdio_pipe(int ends[2], int own)
{
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    fcntl(ends[0], F_SETPIPE_SZ, PIPE_SIZE); /* else it keeps its default */
    fcntl(ends[own], F_SETFL, O_NONBLOCK);
    return true;
}

void stdio_give(const int fds[STREAMS], bool terminal, uint32_t uid)
{
    setsid();
    if (terminal)
        ioctl(fds[STREAM_STDIN], TIOCSCTTY, 0);
    for (int i = 0; i < STREAMS; i++) {
        if (fchown(fds[i], uid, (gid_t)-1) < 0)
            complain("cannot give user %u its standard input and output:", uid);
        dup2(fds[i], i);
    }
}
