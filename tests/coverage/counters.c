/*
 * Linked into coverage builds only: counters reach their files from processes that have left the host's root.
 *
 * libgcov opens a file by its absolute path when a process exits or executes a program. The container's
 * process does so in the monitor's private root, where that path leads nowhere, and as a user to whom the
 * build directory does not belong. So a descriptor of the build directory is opened before main, closed at
 * execve like all of urunc's own, and files of counters are opened beneath it (linked with --wrap=open) and
 * are everybody's to write. Nothing closes it (--wrap=close_range). _exit(2), by which forked processes end,
 * writes the counters as well
 * (--wrap=_exit).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HIGH_DESCRIPTOR = 1000 }; /* out of the way of tests that look at the lowest ones */

extern void __gcov_dump(void);
extern void __gcov_reset(void);
extern int __real_open(const char *path, int flags, ...);
extern int __real_close_range(unsigned first, unsigned last, int flags);
extern _Noreturn void __real__exit(int status);
extern int __real_reboot(int command);

int __wrap_open(const char *path, int flags, ...);
int __wrap_close_range(unsigned first, unsigned last, int flags);
_Noreturn void __wrap__exit(int status);
int __wrap_reboot(int command);

static int build_directory = -1;

__attribute__((constructor)) static void open_build_directory(void)
{
    int number = errno;
    int low = __real_open(BUILD_DIRECTORY, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (low >= 0) {
        build_directory = fcntl(low, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);
        close(low);
    }
    errno = number;
}

static int is_counters(const char *path)
{
    static const char prefix[] = BUILD_DIRECTORY "/", suffix[] = ".gcda";
    size_t length = strlen(path);
    return length > sizeof prefix + sizeof suffix && strncmp(path, prefix, sizeof prefix - 1) == 0 &&
           strcmp(path + length - (sizeof suffix - 1), suffix) == 0;
}

int __wrap_open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list more;
        va_start(more, flags);
        mode = va_arg(more, mode_t);
        va_end(more);
    }
    if (build_directory < 0 || !is_counters(path))
        return __real_open(path, flags, mode);
    int fd = openat(build_directory, path + sizeof BUILD_DIRECTORY, flags, mode);
    if (fd >= 0)
        fchmod(fd, 0666); /* refused to all but the first, who is its owner */
    return fd;
}

/* The container's process closes every descriptor that it does not know. */
int __wrap_close_range(unsigned first, unsigned last, int flags)
{
    unsigned ours = (unsigned)build_directory;
    if (build_directory < 0 || flags != 0 || ours < first || ours > last)
        return __real_close_range(first, last, flags);
    if (ours > first && __real_close_range(first, ours - 1, flags) < 0)
        return -1;
    return ours < last ? __real_close_range(ours + 1, last, flags) : 0;
}

void __wrap__exit(int status)
{
    __gcov_dump();
    __real__exit(status);
}

int __wrap_reboot(int command)
{
    __gcov_dump();
    __gcov_reset();
    return __real_reboot(command);
}
