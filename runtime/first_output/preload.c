/*
 * Loaded into the monitor of a traced container (LD_PRELOAD): adds one event to the trace when the monitor
 * writes to what its standard output is for the first time. Until then each write costs an fstat(2), and
 * afterwards a comparison.
 *
 * No library is linked: what is used is the monitor's own C library.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "runtime/first_output/first_output.h"
#include "runtime/trace.h"

static atomic_int trace = -1;
static struct stat output;

static void tell(int fd)
{
    char line[160];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int length = snprintf(line, sizeof line,
                          "{\"name\":\"first output\",\"ph\":\"i\",\"s\":\"t\",\"pid\":1,\"tid\":%d,"
                          "\"ts\":%lld%06ld.%03ld},\n",
                          TRACE_MONITOR, (long long)now.tv_sec, now.tv_nsec / 1000, now.tv_nsec % 1000);
    syscall(SYS_write, fd, line, length);
    close(fd);
}

static void look(int fd)
{
    struct stat status;
    if (atomic_load(&trace) < 0 || fstat(fd, &status) < 0 || status.st_dev != output.st_dev ||
        status.st_ino != output.st_ino)
        return;
    int file = atomic_exchange(&trace, -1); /* of several threads one */
    if (file >= 0)
        tell(file);
}

ssize_t write(int fd, const void *buf, size_t n)
{
    if (n > 0)
        look(fd);
    return syscall(SYS_write, fd, buf, n);
}

ssize_t writev(int fd, const struct iovec *iovec, int count)
{
    if (count > 0)
        look(fd);
    return syscall(SYS_writev, fd, iovec, count);
}

__attribute__((constructor)) static void remember_output(void)
{
    const char *text = getenv(FIRST_OUTPUT_VARIABLE);
    if (text != NULL && fstat(STDOUT_FILENO, &output) == 0)
        atomic_store(&trace, atoi(text));
}
