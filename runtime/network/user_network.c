#include "runtime/network/user_network.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "runtime/network/network.h"

enum {
    READY_TIMEOUT = 30 * 1000, /* milliseconds */
    READY_FD = 3,
};

/* ---- is one wanted? ---- */

static bool enter(pid_t container, const char *kind, int type)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)container, kind);
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && setns(fd, type) == 0;
}

bool user_network_is_wanted(pid_t container, bool has_user)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct network network;
        cleanup_error struct error error = {0};
        bool entered =
            (!has_user || enter(container, "user", CLONE_NEWUSER)) && enter(container, "net", CLONE_NEWNET);
        _exit(entered && network_find(&network, 1, &error) == 0 ? 0 : 1);
    }
    int status = 0;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- the process ---- */

/* Its own session, so that no terminal's ^C ends it; no descriptor but the one by which it says that it is
 * ready.
 */
static _Noreturn void become(const char *program, pid_t container, int go, int ready)
{
    char target[16], word = 0;
    snprintf(target, sizeof target, "%d", (int)container);
    if (read(go, &word, 1) != 1) /* `create` has ended */
        _exit(0);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    if (ready != READY_FD)
        dup2(ready, READY_FD);
    else
        fcntl(READY_FD, F_SETFD, 0);
    close_range(READY_FD + 1, ~0U, 0);
    const char *const argv[] = {
        program, "--configure", "--mtu=1500", "--disable-host-loopback", "--enable-seccomp", "--ready-fd=3",
        target,  "eth0",        NULL};
    const char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                       NULL};
    execve(program, (char *const *)argv, (char *const *)environment);
    _exit(127);
}

int user_network_prepare(const char *program, pid_t container, struct user_network *network,
                         struct error *error)
{
    int go[2] = {-1, -1}, ready[2] = {-1, -1};
    *network = USER_NETWORK_NONE;
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
        close(network->go);
        become(program, container, go_end, ready_end);
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
    return error_set(error, "user_network: slirp4netns %s",
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
