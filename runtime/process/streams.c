#include "runtime/process/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "formats/base/cleanup.h"

static int open_again(int fd, int flags)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, flags | O_NOCTTY | O_CLOEXEC);
}

static int duplicate(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

/* A duplicate where that will do: it shares the caller's position in a file. */
static struct boot_stream open_stream(int fd)
{
    struct stat status;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fstat(fd, &status) < 0)
        return (struct boot_stream){.fd = -1};
    if (S_ISSOCK(status.st_mode)) {
        /* A socket does not append; this is what marks an output that is to stay blocking. */
        fcntl(fd, F_SETFL, flags | O_APPEND);
        return (struct boot_stream){.fd = duplicate(fd), .socket = true};
    }
    bool writes_only = (flags & O_ACCMODE) == O_WRONLY;
    return (struct boot_stream){.fd = writes_only ? duplicate(fd) : open_again(fd, O_WRONLY)};
}

static int open_reader(int fd)
{
    struct stat status;
    if (fstat(fd, &status) < 0 || !S_ISFIFO(status.st_mode))
        return -1;
    return open_again(fd, O_RDONLY | O_NONBLOCK);
}

bool streams_open(bool attended, struct streams *streams)
{
    *streams = STREAMS_NONE;
    streams->output = open_stream(STDOUT_FILENO);
    streams->error = open_stream(STDERR_FILENO);
    if (streams->error.socket)
        streams->console = duplicate(STDERR_FILENO);
    if (streams->output.fd < 0 || streams->error.fd < 0) {
        streams_close(streams);
        return false;
    }
    if (!attended) {
        streams->readers[0] = open_reader(STDOUT_FILENO);
        streams->readers[1] = open_reader(STDERR_FILENO);
    }
    return true;
}

void streams_close(struct streams *streams)
{
    const int fds[] = {streams->output.fd,  streams->error.fd,  streams->console,  streams->readers[0],
                       streams->readers[1], streams->window[0], streams->window[1]};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    *streams = STREAMS_NONE;
}

int streams_open_window(struct streams *streams, struct error *error)
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, streams->window) == 0)
        return 0;
    return error_errno(error, errno, "process.terminal: cannot make a socket for its sizes");
}

/* QEMU sets OPOST again, which does nothing where no other output flag is set. */
static void pass_bytes_on(void)
{
    struct termios settings;
    if (tcgetattr(STDIN_FILENO, &settings) < 0)
        return;
    cfmakeraw(&settings);
    settings.c_oflag = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &settings);
}

int streams_hand_over(const struct streams *streams, struct boot *boot, struct error *error)
{
    boot->channel.output = streams->output;
    boot->channel.error = streams->error;
    boot->channel.console_fd = streams->console;
    boot->channel.window_fd = streams->window[0];
    cleanup_close int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
        return error_errno(error, errno, "/dev/null");
    if (boot->terminal)
        pass_bytes_on();
    return 0;
}

void streams_size(uint16_t *rows, uint16_t *columns)
{
    struct winsize size = {0};
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
        return;
    *rows = size.ws_row;
    *columns = size.ws_col;
}
