#include "runtime/init/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "runtime/init/files.h"

void complain(const char *format, ...)
{
    int number = errno;
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    bool with_errno = format[strlen(format) - 1] == ':';
    dprintf(STDERR_FILENO, "urunc-init: %s%s%s\n", line, with_errno ? " " : "",
            with_errno ? strerror(number) : "");
}

static void become_standard(int fd)
{
    for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; standard++)
        if (fd != standard)
            dup2(fd, standard);
    if (fd > STDERR_FILENO)
        close(fd);
}

void console_open(void)
{
    int fd = open("/dev/console", O_RDWR | O_NOCTTY);
    if (fd < 0) /* what is opened next must not become one of the three */
        fd = open("/dev/null", O_RDWR);
    if (fd >= 0)
        become_standard(fd);
}

void console_set(bool terminal)
{
    struct termios settings;
    if (tcgetattr(STDIN_FILENO, &settings) < 0)
        return;
    if (terminal)
        settings.c_oflag &= ~(tcflag_t)ONLCR;
    else
        cfmakeraw(&settings);
    tcsetattr(STDIN_FILENO, TCSANOW, &settings);
}

/* /dev/console itself never becomes a controlling terminal; what stands behind it does. The kernel names it
 * last. */
static int open_terminal(void)
{
    char active[256];
    if (read_text("/sys/class/tty/console/active", active, sizeof active) <= 0)
        return -1;
    active[strcspn(active, "\n")] = '\0';
    const char *name = strrchr(active, ' ');
    name = name != NULL ? name + 1 : active;
    char path[300];
    snprintf(path, sizeof path, "/dev/%s", name);
    return open(path, O_RDWR | O_NOCTTY);
}

void console_give(unsigned uid)
{
    setsid();
    int fd = open_terminal();
    if (fd < 0)
        return; /* standard input, output and error are the console already */
    ioctl(fd, TIOCSCTTY, 1);
    if (fchown(fd, uid, (gid_t)-1) < 0)
        complain("cannot give the console to user %u:", uid);
    become_standard(fd);
}
