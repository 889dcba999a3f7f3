/* Running the program: a child of PID 1, so that PID 1 lives on to reap and to power the machine off. */
#include "runtime/init/program.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/programs.h"
#include "runtime/init/console.h"
#include "runtime/init/files.h"
#include "runtime/init/power.h"

static volatile sig_atomic_t child; /* a signal handler can take no argument */

/* Ctrl-Alt-Del is how a monitor asks for an orderly end; the kernel makes SIGINT to PID 1 of it. */
static void forward(int number)
{
    if (child > 0)
        kill((pid_t)child, number == SIGINT ? SIGTERM : number);
}

static void forward_signals(void)
{
    static const int forwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPWR};
    struct sigaction action = {.sa_handler = forward, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
        sigaction(forwarded[i], &action, NULL);
}

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

static _Noreturn void become_program(char *const argv[], const struct cmdline *cmdline)
{
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    set_environment(cmdline);
    console_give(cmdline->uid);
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

int program_run(char *const argv[], const struct cmdline *cmdline)
{
    /* Until the parent knows its child nothing may be forwarded, and nothing may be lost. */
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    forward_signals();
    pid_t pid = fork();
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        become_program(argv, cmdline);
    }
    child = (sig_atomic_t)pid;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) {
        complain("cannot start a process:");
        return STATUS_INIT_FAILED;
    }
    for (;;) {
        int status = 0;
        pid_t ended = waitpid(-1, &status, 0);
        if (ended < 0 && errno != EINTR)
            return STATUS_INIT_FAILED;
        if (ended != pid)
            continue; /* an orphan */
        child = 0;
        return WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
    }
}
