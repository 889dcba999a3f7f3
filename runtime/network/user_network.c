#include "runtime/network/user_network.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/programs.h"
#include "runtime/network/network.h"

enum {
    READY_TIMEOUT = 30 * 1000, /* milliseconds */
    READY_FD = 3,
    NETWORK_FD = 4,
    USER_FD = 5,
};

/* ---- is one wanted? ---- */

static int open_namespace(pid_t container, const char *kind)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)container, kind);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Both are opened first: from within the user namespace the process cannot be looked at. */
static bool enter(pid_t container, bool has_user)
{
    cleanup_close int user = has_user ? open_namespace(container, "user") : -1;
    cleanup_close int network = open_namespace(container, "net");
    return (!has_user || setns(user, CLONE_NEWUSER) == 0) && setns(network, CLONE_NEWNET) == 0;
}

bool user_network_is_wanted(pid_t container, bool has_user)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct network network;
        cleanup_error struct error error = {0};
        _exit(enter(container, has_user) && network_find(&network, 1, &error) == 0 ? 0 : 1);
    }
    int status = 0;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- the program ---- */

struct target {
    pid_t container;
    bool has_user;
};

/* Both tell the same addresses and refuse the same calls, so that a guest need not know which it is. */

static void add_slirp4netns(struct strings *argv, const struct target *target)
{
    static const char *const words[] = {"--configure", "--mtu=1500", "--disable-host-loopback",
                                        "--enable-seccomp", "--ready-fd=3"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        strings_add(argv, words[i]);
    strings_format(argv, "%d", (int)target->container);
    strings_add(argv, "eth0");
}

/* It writes its number where --pid says, once the interface is there. As root it has given up what it needs
 * to look at another process, so it has the namespaces opened. */
static void add_pasta(struct strings *argv, const struct target *target)
{
    static const char *const words[] = {"--config-net",     "--foreground",       "--quiet",
                                        "--runas=0",        "--no-netns-quit",    "--ipv4-only",
                                        "--ns-ifname=eth0", "--mtu=1500",         "--address=10.0.2.100",
                                        "--netmask=24",     "--gateway=10.0.2.2", "--dns-forward=10.0.2.3",
                                        "--no-map-gw",      "--tcp-ports=none",   "--udp-ports=none",
                                        "--tcp-ns=none",    "--udp-ns=none",      "--pid=/proc/self/fd/3"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        strings_add(argv, words[i]);
    strings_add(argv, target->has_user ? "--userns=/proc/self/fd/5" : "--netns-only");
    strings_add(argv, "--netns=/proc/self/fd/4");
}

static const struct tool {
    const char *name;
    void (*add_words)(struct strings *argv, const struct target *target);
} tools[] = {{"slirp4netns", add_slirp4netns}, {"pasta", add_pasta}};

static const struct tool *tool_of(const char *program)
{
    const char *slash = strrchr(program, '/');
    const char *name = slash != NULL ? slash + 1 : program;
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        if (strncmp(name, tools[i].name, strlen(tools[i].name)) == 0)
            return &tools[i];
    return &tools[0];
}

char *user_network_find(const char *configured, struct error *error)
{
    if (strcmp(configured, USER_NETWORK_AUTO) != 0)
        return xstrdup(configured);
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
        char *program = program_find(tools[i].name, NULL);
        if (program != NULL)
            return program;
    }
    error_set(error, "user_network: neither slirp4netns nor pasta (package passt) is installed");
    return NULL;
}

/* ---- the process ---- */

/* Its own session, so that no terminal's ^C ends it; no descriptors but those that its command line names,
 * each of which is above all of these at first. */
static void arrange_descriptors(int ready, int network, int user)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int wanted[] = {null, null, null, ready, network, user};
    int copies[sizeof wanted / sizeof *wanted];
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        copies[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, USER_FD + 1);
    for (int fd = 0; fd <= USER_FD; fd++)
        if (copies[fd] < 0 || dup2(copies[fd], fd) < 0)
            close(fd);
    close_range(USER_FD + 1, ~0U, 0);
}

static _Noreturn void become(const char *program, const struct target *target, int go, int ready)
{
    char word = 0;
    if (read(go, &word, 1) != 1) /* `create` has ended */
        _exit(0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    arrange_descriptors(ready, open_namespace(target->container, "net"),
                        target->has_user ? open_namespace(target->container, "user") : -1);
    struct strings argv = {0};
    strings_add(&argv, program);
    tool_of(program)->add_words(&argv, target);
    const char *const environment[] = {"PATH=" PROGRAM_PATH, NULL};
    execve(program, argv.items, (char *const *)environment);
    _exit(127);
}

int user_network_prepare(const char *program, pid_t container, bool has_user, struct user_network *network,
                         struct error *error)
{
    int go[2] = {-1, -1}, ready[2] = {-1, -1};
    *network = USER_NETWORK_NONE;
    network->program = tool_of(program)->name;
    bool piped = pipe2(go, O_CLOEXEC) == 0 && pipe2(ready, O_CLOEXEC) == 0;
    cleanup_close int go_end = go[0], ready_end = ready[1];
    network->go = go[1];
    network->ready = ready[0];
    if (!piped)
        return error_errno(error, errno, "pipe");
    network->pid = fork();
    if (network->pid < 0)
        return error_errno(error, errno, "fork");
    if (network->pid == 0) {
        const struct target target = {.container = container, .has_user = has_user};
        close(network->go);
        become(program, &target, go_end, ready_end);
    }
    return 0;
}

int user_network_begin(struct user_network *network, struct error *error)
{
    char word = 1;
    struct pollfd pollable = {.fd = network->ready, .events = POLLIN};
    if (write(network->go, &word, 1) != 1)
        return error_errno(error, errno, "the process of user_network");
    int ready;
    while ((ready = poll(&pollable, 1, READY_TIMEOUT)) < 0 && errno == EINTR)
        ;
    if (ready > 0 && read(network->ready, &word, 1) == 1)
        return 0;
    return error_set(error, "user_network: %s %s", network->program,
                     ready > 0 ? "ended before the network was ready: run it by hand to see why"
                               : "has not made the network for 30 seconds");
}

void user_network_close(struct user_network *network)
{
    if (network->go >= 0)
        close(take_fd(network->go));
    if (network->ready >= 0)
        close(take_fd(network->ready));
}
