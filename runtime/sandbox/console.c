#include "runtime/sandbox/console.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "formats/base/cleanup.h"

#define PTMX "/dev/ptmx"

int console_open(uint16_t height, uint16_t width, uid_t owner, struct console *console, struct error *error)
{
    *console = CONSOLE_NONE;
    int unlock = 0;
    console->master = open(PTMX, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (console->master < 0 || ioctl(console->master, TIOCSPTLCK, &unlock) < 0)
        return error_errno(error, errno, "process.terminal: " PTMX);
    /* By descriptor, not by /dev/pts/N: that name can belong to another devpts. */
    console->slave = ioctl(console->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (console->slave < 0)
        return error_errno(error, errno, "process.terminal: cannot open the terminal's other end");
    struct winsize size = {.ws_row = height, .ws_col = width};
    if (height != 0 && width != 0)
        ioctl(console->master, TIOCSWINSZ, &size);
    if (fchown(console->slave, owner, (gid_t)-1) < 0 && errno != EPERM && errno != EINVAL && errno != EROFS)
        return error_errno(error, errno, "process.terminal: cannot give it to user %u", owner);
    return 0;
}

enum { SEND_TIMEOUT = 5 }; /* seconds */

static int connect_to(const char *path, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return error_set(error, "--console-socket %s: the path is longer than %zu bytes", path,
                         sizeof address.sun_path - 1);
    strcpy(address.sun_path, path);
    /* Also where somebody listens who never accepts. */
    const struct timeval timeout = {.tv_sec = SEND_TIMEOUT};
    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) < 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return error_errno(error, errno, "--console-socket %s", path);
    return take_fd(fd);
}

int console_send(const struct console *console, const char *path, struct error *error)
{
    cleanup_close int fd = connect_to(path, error);
    if (fd < 0)
        return -1;
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct iovec name = {.iov_base = (char *)PTMX, .iov_len = strlen(PTMX)};
    struct msghdr message = {
        .msg_iov = &name,
        .msg_iovlen = 1,
        .msg_control = control.space,
        .msg_controllen = sizeof control.space,
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &console->master, sizeof(int));
    if (sendmsg(fd, &message, MSG_NOSIGNAL) < 0)
        return error_errno(error, errno, "--console-socket %s: cannot send the terminal", path);
    return 0;
}

int console_take(const struct console *console, struct error *error)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (dup2(console->slave, fd) < 0)
            return error_errno(error, errno, "process.terminal: cannot make it the stdio");
    if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
        return error_errno(error, errno, "process.terminal: cannot make it the controlling terminal");
    return 0;
}

void console_close(struct console *console)
{
    if (console->master >= 0)
        close(console->master);
    if (console->slave >= 0)
        close(console->slave);
    *console = CONSOLE_NONE;
}
