#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tests/sandbox/standin/json.h"
#include "tests/sandbox/standin/report.h"

static void list(const char *key, char *const *words)
{
    json_open(key, '[');
    for (; *words != NULL; words++)
        json_text(NULL, *words);
    json_close(']');
}

void report_words(char *const *argv, char *const *environment)
{
    char directory[4096];
    struct utsname name = {0};
    uname(&name);
    list("argv", argv);
    list("environment", environment);
    json_text("cwd", getcwd(directory, sizeof directory));
    json_text("hostname", name.nodename);
    json_text("domainname", name.domainname);
}

static const struct {
    const char *name;
    int number;
} limits[] = {
    {"RLIMIT_AS", RLIMIT_AS},           {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_CPU", RLIMIT_CPU},         {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},     {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK}, {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    {"RLIMIT_NICE", RLIMIT_NICE},       {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC},     {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},   {"RLIMIT_RTTIME", RLIMIT_RTTIME},
    {"RLIMIT_STACK", RLIMIT_STACK},     {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
};

/* Each as text "SOFT:HARD", where unlimited is 18446744073709551615: jq counts in doubles. */
static void report_limits(void)
{
    json_open("rlimits", '{');
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit limit = {0};
        getrlimit((__rlimit_resource_t)limits[i].number, &limit);
        json_format(limits[i].name, "%llu:%llu", (unsigned long long)limit.rlim_cur,
                    (unsigned long long)limit.rlim_max);
    }
    json_close('}');
}

static void report_signals(void)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    json_open("blocked_signals", '[');
    for (int number = 1; number < NSIG; number++)
        if (sigismember(&blocked, number) == 1)
            json_number(NULL, number);
    json_close(']');
    json_open("ignored_signals", '[');
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            json_number(NULL, number);
    }
    json_close(']');
}

void report_process(void)
{
    mode_t mask = umask(0);
    umask(mask);
    json_open("process", '{');
    json_number("pid", getpid());
    json_number("parent", getppid());
    json_number("group", getpgrp());
    json_number("session", getsid(0));
    json_close('}');
    json_format("umask", "%04o", mask);
    json_number("nice", getpriority(PRIO_PROCESS, 0));
    json_number("personality", personality(0xffffffff));
    report_limits();
    report_signals();
}
