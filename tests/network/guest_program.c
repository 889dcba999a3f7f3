/*
 * guest-program ADDRESSES COMMAND...: runs the command in a new control group of cgroup2, with the calls of
 * the pod's other containers that the Linux guest's init provides. Ends as the command does, and removes the
 * group; with 77 where there is no cgroup2.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/init/machine/sidecars.h"

enum { FAILED = 99, NO_CGROUP2 = 77 };

static int fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    return FAILED;
}

static int enter_and_run(int group, char **command)
{
    int processes = openat(group, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (processes < 0 || write(processes, "0", 1) != 1)
        return fail("cgroup.procs");
    execvp(*command, command);
    return fail(*command);
}

static int run(int group, char **command)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(enter_and_run(group, command));
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;
}

/* Without a place in the tree, which a test would have to take back. */
static int open_cgroups(void)
{
    int context = fsopen("cgroup2", FSOPEN_CLOEXEC);
    if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return fsmount(context, FSMOUNT_CLOEXEC, 0);
}

int main(int argc, char **argv)
{
    char name[64];
    int cgroups = open_cgroups();
    if (argc < 3 || cgroups < 0) {
        fail("guest-program");
        return NO_CGROUP2;
    }
    snprintf(name, sizeof name, "urunc-guest-program-%d", (int)getpid());
    if (mkdirat(cgroups, name, 0755) < 0)
        return fail(name);
    int group = openat(cgroups, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = sidecars_attach(group, argv[1]) ? run(group, argv + 2) : fail(argv[1]);
    return unlinkat(cgroups, name, AT_REMOVEDIR) < 0 ? fail(name) : status;
}
