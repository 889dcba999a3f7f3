#include "runtime/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"

const char *const trace_actors[TRACE_ACTORS + 1] = {
    [TRACE_CREATE] = "urunc create", [TRACE_PROCESS] = "container",   [TRACE_START] = "urunc start",
    [TRACE_MONITOR] = "monitor",     [TRACE_DELETE] = "urunc delete",
};

enum { LINE_MAX_SIZE = 256 };

char *trace_path(const char *directory, const char *id)
{
    return xasprintf("%s/%s.json", directory, id);
}

uint64_t trace_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A line that is lost is no reason for a container not to start. */
static void add(const struct trace *trace, const char *line, int length)
{
    if (length > 0 && length < LINE_MAX_SIZE && write(trace->fd, line, (size_t)length) < 0)
        return;
}

static void name_actors(const struct trace *trace)
{
    char line[LINE_MAX_SIZE];
    add(trace, "[\n", 2);
    for (int actor = 1; actor <= TRACE_ACTORS; actor++) {
        int length = snprintf(line, sizeof line,
                              "{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":%d,"
                              "\"args\":{\"name\":\"%s\"}},\n",
                              actor, trace_actors[actor]);
        add(trace, line, length);
    }
}

/* Where others may write, they may put a link or a FIFO in the file's place. */
static int open_directory(const char *path, struct error *error)
{
    if (directory_make(path, 0755, 0700, error) < 0)
        return error_prefix(error, "trace");
    cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno(error, errno, "trace: %s", path);
    if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)))
        return error_set(error, "trace: %s: belongs to another user, or others may write to it", path);
    return take_fd(fd);
}

int trace_create(const char *path, struct trace *trace, struct error *error)
{
    cleanup_free char *directory = NULL;
    const char *name = path_base(path);
    path_split(path, &directory, NULL);
    *trace = TRACE_OFF;
    cleanup_close int parent = open_directory(directory, error);
    if (parent < 0)
        return -1;
    unlinkat(parent, name, 0); /* of an earlier container with this ID */
    trace->fd = openat(parent, name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (trace->fd < 0)
        return error_errno(error, errno, "trace: %s", path);
    trace->actor = TRACE_CREATE;
    name_actors(trace);
    return 0;
}

void trace_open(const char *path, enum trace_actor actor, struct trace *trace)
{
    *trace = (struct trace){.fd = -1, .actor = actor};
    cleanup_close int fd =
        path != NULL ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
    struct stat status;
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        trace->fd = take_fd(fd);
}

void trace_close(struct trace *trace)
{
    if (trace->fd >= 0)
        close(take_fd(trace->fd));
}

/* Microseconds with their fraction, as the format wants them. */
#define MICROSECONDS              "%" PRIu64 ".%03u"
#define MICROSECONDS_OF(duration) (duration) / 1000, (unsigned)((duration) % 1000)

void trace_lasted(const struct trace *trace, const char *name, uint64_t start)
{
    char line[LINE_MAX_SIZE];
    if (trace->fd < 0)
        return;
    int length = snprintf(line, sizeof line,
                          "{\"name\":\"%s\",\"ph\":\"X\",\"pid\":1,\"tid\":%d,\"ts\":" MICROSECONDS
                          ",\"dur\":" MICROSECONDS "},\n",
                          name, trace->actor, MICROSECONDS_OF(start), MICROSECONDS_OF(trace_now() - start));
    add(trace, line, length);
}

void trace_happened(const struct trace *trace, const char *name)
{
    char line[LINE_MAX_SIZE];
    if (trace->fd < 0)
        return;
    int length =
        snprintf(line, sizeof line,
                 "{\"name\":\"%s\",\"ph\":\"i\",\"s\":\"t\",\"pid\":1,\"tid\":%d,\"ts\":" MICROSECONDS "},\n",
                 name, trace->actor, MICROSECONDS_OF(trace_now()));
    add(trace, line, length);
}
