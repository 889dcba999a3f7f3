#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "tests/sandbox/standin/json.h"
#include "tests/sandbox/standin/report.h"

enum { DESCRIPTORS = 1 << 16 };

static const char *type_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return "file";
    case S_IFDIR:
        return "directory";
    case S_IFCHR:
        return "character device";
    case S_IFBLK:
        return "block device";
    case S_IFIFO:
        return "pipe";
    case S_IFSOCK:
        return "socket";
    default:
        return "anonymous";
    }
}

static const char *access_of(int flags)
{
    if (flags & O_PATH)
        return "path";
    static const char *const names[] = {"read", "write", "read-write", "none"};
    return names[flags & O_ACCMODE];
}

static void report_descriptor(int fd)
{
    struct stat status = {0};
    int flags = fcntl(fd, F_GETFL);
    fstat(fd, &status);
    json_open(NULL, '{');
    json_number("fd", fd);
    json_text("type", type_of(status.st_mode));
    json_text("access", access_of(flags));
    json_truth("append", flags & O_APPEND);
    json_truth("nonblocking", flags & O_NONBLOCK);
    json_truth("close_on_exec", fcntl(fd, F_GETFD) & FD_CLOEXEC);
    json_format("device", "%u:%u", major(status.st_dev), minor(status.st_dev));
    json_unsigned("inode", status.st_ino);
    json_number("size", status.st_size);
    if (S_ISCHR(status.st_mode))
        json_format("node", "%u:%u", major(status.st_rdev), minor(status.st_rdev));
    struct ifreq tap = {0};
    if (S_ISCHR(status.st_mode) && ioctl(fd, TUNGETIFF, &tap) == 0)
        json_text("tap", tap.ifr_name);
    json_close('}');
}

void report_descriptors(void)
{
    json_open("descriptors", '[');
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            report_descriptor(fd);
    json_close(']');
}

void report_terminal(void)
{
    struct winsize size = {0};
    if (!isatty(STDIN_FILENO)) {
        json_text("terminal", NULL);
        return;
    }
    ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
    json_open("terminal", '{');
    json_number("rows", size.ws_row);
    json_number("columns", size.ws_col);
    json_number("session", tcgetsid(STDIN_FILENO)); /* -1 where it is not the controlling terminal */
    json_number("foreground", tcgetpgrp(STDIN_FILENO));
    json_truth("stdout", isatty(STDOUT_FILENO));
    json_truth("stderr", isatty(STDERR_FILENO));
    struct termios settings = {0};
    tcgetattr(STDIN_FILENO, &settings);
    json_truth("echo", settings.c_lflag & ECHO);
    json_unsigned("output_flags", settings.c_oflag);
    json_close('}');
}
