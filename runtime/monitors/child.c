#include "runtime/monitors/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/clock.h"

static size_t read_until(int fd, char *bytes, size_t size, int64_t deadline)
{
    size_t length = 0;
    while (length < size) {
        int64_t left = deadline - clock_milliseconds();
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            break;
        ssize_t got = TEMP_FAILURE_RETRY(read(fd, bytes + length, size - length));
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    return length;
}

static _Noreturn void be_child(void (*answer)(const void *context, int output), const void *context,
                               int output, pid_t caller)
{
    setpgid(0, 0); /* what it may leave running is ended with it */
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() == caller) /* else it has ended before it could be waited for */
        answer(context, output);
    _exit(0);
}

ssize_t child_ask(void (*answer)(const void *context, int output), const void *context, void *bytes,
                  size_t size, int timeout, struct error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(error, errno, "pipe");
    cleanup_close int reader = ends[0];
    cleanup_close int writer = ends[1];
    pid_t caller = getpid(), pid = fork();
    if (pid < 0)
        return error_errno(error, errno, "fork");
    if (pid == 0)
        be_child(answer, context, writer, caller);
    setpgid(pid, pid); /* whichever of the two comes first */
    close(take_fd(writer));
    size_t length = read_until(reader, bytes, size, clock_milliseconds() + timeout);
    /* It has said what is wanted, or will not. Not yet waited for, so its number is still its own. */
    kill(-pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return (ssize_t)length;
}
