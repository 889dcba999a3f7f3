#include "runtime/process/waiting.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "runtime/bundle/hooks.h"
#include "runtime/process/boot_monitor.h"
#include "runtime/process/message.h"
#include "runtime/process/settle.h"
#include "runtime/sandbox/namespaces/kernel_settings.h"

enum { ACCEPT_PAUSE = 10 * 1000 * 1000 }; /* nanoseconds */

static void end_on_signal(int number)
{
    _exit(128 + number);
}

/* As process 1 of its namespace it would ignore every signal that it has no handler for. */
static void handle_signals(void)
{
    static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2};
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number < 32; number++)
        sigaction(number, &action, NULL); /* SIGKILL and SIGSTOP refuse, which is right */
    action.sa_handler = end_on_signal;
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        sigaction(ending[i], &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_names(const struct bundle *bundle, struct error *error)
{
    if (bundle->hostname != NULL && sethostname(bundle->hostname, strlen(bundle->hostname)) < 0)
        return error_errno(error, errno, "config.json: hostname: cannot be set");
    if (bundle->domainname != NULL && setdomainname(bundle->domainname, strlen(bundle->domainname)) < 0)
        return error_errno(error, errno, "config.json: domainname: cannot be set");
    return 0;
}

static int enter_namespaces(struct container *container, struct error *error)
{
    TRACE_BLOCK(&container->trace, "namespaces");
    const struct bundle *bundle = &container->bundle;
    const struct namespaces *namespaces = &bundle->namespaces;
    if (namespaces->wanted[NAMESPACE_USER] && namespaces_become_root(error) < 0)
        return -1;
    if (namespace_is_new(namespaces, NAMESPACE_CGROUP) && unshare(CLONE_NEWCGROUP) < 0)
        return error_errno(error, errno, "cannot make the cgroup namespace");
    if (namespace_is_new(namespaces, NAMESPACE_TIME) &&
        time_namespace_enter(&namespaces->time_offsets, error) < 0)
        return -1;
    /* A slave: what the host unmounts before the private root is entered goes away here too, and nothing goes
     * the other way. */
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        return error_errno(error, errno, "cannot separate the mounts from the host's");
    if (namespace_is_new(namespaces, NAMESPACE_NETWORK) && loopback_up(error) < 0)
        return -1;
    if (set_names(bundle, error) < 0 || sysctl_apply(bundle->sysctl, error) < 0)
        return -1;
    if (container->console.slave >= 0 && console_take(&container->console, error) < 0)
        return -1;
    /* Whoever holds the master sees a hangup when the monitor ends, if nobody else holds it. */
    console_close(&container->console);
    return 0;
}

static int run_create_hooks(struct container *container, struct error *error)
{
    TRACE_BLOCK(&container->trace, "createContainer hooks");
    container->spec.status = "creating";
    cleanup_free char *state = spec_state_text(&container->spec);
    return hooks_run(container->bundle.hooks, HOOK_CREATE_CONTAINER, state, error);
}

static int create_with(struct container *container, struct error *error)
{
    struct message message;
    int fd = container->process_end;
    if (cgroups_join(container->cgroups, error) < 0)
        return -1;
    cgroups_close(container->cgroups);
    /* Without a limit: `create` writes the mappings and runs hooks of any length before it answers, and its
     * end is an answer too. */
    if (message_expect(fd, MESSAGE_NO_TIMEOUT, MESSAGE_ENTER, &message, error) < 0 ||
        enter_namespaces(container, error) < 0 || message_send(fd, MESSAGE_ENTERED, "", error) < 0 ||
        message_expect(fd, MESSAGE_NO_TIMEOUT, MESSAGE_HOOKS, &message, error) < 0)
        return -1;
    container->spec.pid = (pid_t)strtol(message.text, NULL, 10);
    if (run_create_hooks(container, error) < 0 || settle(container, error) < 0)
        return -1;
    return message_send(fd, MESSAGE_CREATED, "", error);
}

static _Noreturn void fail(int fd, const struct error *error)
{
    cleanup_error struct error ignored = {0};
    message_send(fd, MESSAGE_ERROR, error->message != NULL ? error->message : "failed", &ignored);
    _exit(1);
}

/* A caller that left, and a host without memory or descriptors for the moment, which `start` waits for. */
static bool may_accept_later(int number)
{
    const struct timespec pause = {.tv_nsec = ACCEPT_PAUSE};
    if (number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM)
        return nanosleep(&pause, NULL) == 0 || errno == EINTR;
    return number == EINTR || number == ECONNABORTED;
}

void waiting_process(void *data)
{
    struct container *container = data;
    struct error error = {0};
    handle_signals();
    container->trace.actor = TRACE_PROCESS;
    close(take_fd(container->create_end));
    setsid();
    if (create_with(container, &error) < 0)
        fail(container->process_end, &error);
    close(take_fd(container->process_end));
    int connection;
    while ((connection = accept4(container->listener, NULL, NULL, SOCK_CLOEXEC)) < 0)
        if (!may_accept_later(errno))
            _exit(1);
    boot_monitor(container, connection, &error);
    fail(connection, &error);
}
