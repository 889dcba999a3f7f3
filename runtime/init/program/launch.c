#include "runtime/init/program/launch.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/programs.h"
#include "runtime/init/files.h"
#include "runtime/init/machine/power.h"

/* The home directory that /etc/passwd gives the user; "/" where it has none. */
static void set_home(uint32_t uid)
{
    char home[4096] = "/";
    char *text = read_whole("/etc/passwd", NULL);
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        char *fields[7] = {0}; /* name:password:UID:GID:GECOS:directory:shell */
        for (size_t i = 0; i < 7 && line != NULL; i++)
            fields[i] = strsep(&line, ":");
        if (fields[5] == NULL || fields[5][0] != '/' || strtoul(fields[2], NULL, 10) != uid)
            continue;
        snprintf(home, sizeof home, "%s", fields[5]);
        break;
    }
    free(text);
    setenv("HOME", home, true);
}

static void set_environment(const struct launch *launch)
{
    if (launch->env == NULL)
        return;
    environ = launch->env;
    const char *home = getenv("HOME");
    if (home == NULL || *home == '\0') /* podman writes an empty one */
        set_home(launch->uid);
}

/* Like execvp(3), but for a script without an interpreter line: a container's program is started or refused.
 */
static void execute(char *const argv[])
{
    if (strchr(argv[0], '/') != NULL) {
        execv(argv[0], argv);
        return;
    }
    const char *path = getenv("PATH");
    if (path == NULL || *path == '\0')
        path = PROGRAM_PATH;
    int number = ENOENT;
    while (*argv[0] != '\0' && *path != '\0') {
        size_t length = strcspn(path, ":");
        char candidate[4096];
        int printed =
            snprintf(candidate, sizeof candidate, "%.*s/%s", (int)length, length > 0 ? path : ".", argv[0]);
        if (printed > 0 && (size_t)printed < sizeof candidate) {
            execv(candidate, argv);
            if (errno != ENOENT && errno != ENOTDIR)
                number = errno;
        }
        path += length + (path[length] == ':');
    }
    errno = number;
}

/* A hard limit that this kernel does not grant (RLIMIT_NOFILE beyond fs.nr_open) stays as it is, and the soft
 * one is at most that. */
static bool set_limit(const struct launch_limit *limit)
{
    struct rlimit wanted = {.rlim_cur = limit->soft, .rlim_max = limit->hard}, held;
    int resource = (int)limit->resource;
    if (setrlimit(resource, &wanted) == 0)
        return true;
    if (errno != EPERM || getrlimit(resource, &held) < 0)
        return false;
    if (wanted.rlim_max > held.rlim_max)
        wanted.rlim_max = held.rlim_max;
    if (wanted.rlim_cur > wanted.rlim_max)
        wanted.rlim_cur = wanted.rlim_max;
    return setrlimit(resource, &wanted) == 0;
}

static bool set_limits(const struct launch *launch)
{
    for (size_t i = 0; i < launch->limit_count; i++)
        if (!set_limit(&launch->limits[i]))
            return false;
    return true;
}

static bool become_user(const struct launch *launch)
{
    if (launch->has_user && (setgroups(launch->group_count, launch->groups) < 0 || setgid(launch->gid) < 0 ||
                             setuid(launch->uid) < 0))
        return false;
    return !launch->sealed || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

enum channel_step launch_become(const struct launch *launch)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    set_environment(launch);
    umask(022);
    if (chdir(launch->cwd) < 0 && (make_directories(launch->cwd) < 0 || chdir(launch->cwd) < 0))
        return CHANNEL_STEP_DIRECTORY;
    if (!set_limits(launch))
        return CHANNEL_STEP_LIMITS;
    if (!become_user(launch))
        return CHANNEL_STEP_USER;
    execute(launch->argv);
    return CHANNEL_STEP_PROGRAM;
}

int launch_status(int number)
{
    return number == ENOENT || number == ENOTDIR ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}
