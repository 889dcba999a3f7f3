/* From a child of PID 1 to a program: environment, directory, user, execve. */
#ifndef RUNTIME_INIT_LAUNCH_H
#define RUNTIME_INIT_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/channel.h"

/* For setrlimit(2). */
struct launch_limit {
    uint32_t resource;
    uint64_t soft;
    uint64_t hard;
};

/* What runs and as whom. Texts are borrowed; both arrays end with NULL. */
struct launch {
    char *const *argv;
    char **env;      /* NULL: the kernel's: HOME, TERM and plain words of the command line */
    const char *cwd; /* made where it is missing */
    bool has_user;   /* else it stays the first process's */
    uint32_t uid;
    uint32_t gid;
    const uint32_t *groups;
    size_t group_count;
    const struct launch_limit *limits;
    size_t limit_count;
    bool sealed; /* no_new_privs */
};

/*
 * In the child, whose standard input, output and error are the program's already: becomes the program.
 * Returns only on failure: the step that failed, with errno set.
 */
enum channel_step launch_become(const struct launch *launch);

/* The status that a shell gives for a program whose execve(2) failed with that errno. */
int launch_status(int number);

#endif
