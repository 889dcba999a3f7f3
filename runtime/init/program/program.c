/* Running the program: a child of PID 1, so that PID 1 lives on to reap and to power the machine off. */
#include "runtime/init/program/program.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/programs.h"
#include "runtime/init/console.h"
#include "runtime/init/files.h"
#include "runtime/init/machine/power.h"

/* The home directory that /etc/passwd gives the user; "/" where it has none. */
static void add_home(char *variable, size_t size, uint32_t uid)
{
    snprintf(variable, size, "HOME=/");
    char *text = read_whole("/etc/passwd", NULL);
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        char *fields[7] = {0}; /* name:password:UID:GID:GECOS:directory:shell */
        for (size_t i = 0; i < 7 && line != NULL; i++)
            fields[i] = strsep(&line, ":");
        if (fields[5] == NULL || fields[5][0] != '/' || strtoul(fields[2], NULL, 10) != uid)
            continue;
        snprintf(variable, size, "HOME=%s", fields[5]);
        break;
    }
    free(text);
}

static void set_environment(const struct cmdline *cmdline)
{
    static char *variables[CMDLINE_WORDS + 2];
    static char home[4096];
    if (cmdline->env.count == 0)
        return; /* the kernel's: HOME, TERM and plain words of the command line */
    memcpy(variables, cmdline->env.items, cmdline->env.count * sizeof *variables);
    environ = variables;
    if (getenv("HOME") == NULL) {
        add_home(home, sizeof home, cmdline->uid);
        variables[cmdline->env.count] = home;
    }
}

/* The status that a shell gives a program that cannot be started, with a message as a shell has it. */
static _Noreturn void refuse(const char *program, int number)
{
    bool missing = number == ENOENT || number == ENOTDIR;
    complain("%s: %s", program, missing ? "not found" : strerror(number));
    _exit(missing ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
}

/* Like execvp(3), but for a script without an interpreter line: a container's program is started or refused.
 */
static _Noreturn void execute(char *const argv[])
{
    if (strchr(argv[0], '/') != NULL) {
        execv(argv[0], argv);
        refuse(argv[0], errno);
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
    refuse(argv[0], number);
}

static bool become_user(const struct cmdline *cmdline)
{
    if (!cmdline->has_user)
        return true;
    gid_t groups[CMDLINE_GROUPS];
    for (size_t i = 0; i < cmdline->group_count; i++)
        groups[i] = cmdline->groups[i];
    return setgroups(cmdline->group_count, groups) == 0 && setgid(cmdline->gid) == 0 &&
           setuid(cmdline->uid) == 0;
}

static _Noreturn void become_program(char *const argv[], const struct cmdline *cmdline,
                                     const struct streams *streams)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    set_environment(cmdline);
    streams_give(streams, cmdline->uid);
    umask(022);
    const char *cwd = cmdline->cwd != NULL ? cmdline->cwd : "/";
    if (chdir(cwd) < 0 && (make_directories(cwd) < 0 || chdir(cwd) < 0)) {
        complain("cannot enter %s:", cwd);
        _exit(STATUS_NOT_EXECUTABLE);
    }
    if (!become_user(cmdline)) {
        complain("cannot become user %u:%u:", cmdline->uid, cmdline->gid);
        _exit(STATUS_NOT_EXECUTABLE);
    }
    execute(argv);
}

pid_t program_start(char *const argv[], const struct cmdline *cmdline, struct streams *streams)
{
    pid_t pid = fork();
    if (pid == 0)
        become_program(argv, cmdline, streams);
    if (pid < 0)
        complain("cannot start a process:");
    streams_given(streams);
    return pid;
}
