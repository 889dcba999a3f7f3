/*
 * Loaded into the monitor (LD_PRELOAD), so that whoever reaps it sees the guest's exit status.
 *
 * A guest that writes V to isa-debug-exit makes QEMU call exit((V << 1) | 1): never 0, and cut to eight bits
 * by the kernel. A function that is registered with on_exit(3) gets the whole number, and ends the process
 * with what the guest meant. It is registered before main, so it runs last.
 *
 * QEMU takes SIGTERM, SIGINT and SIGHUP as the wish to end, and then ends with status 0, as after a guest
 * that switched itself off. So its handlers of these are wrapped: an end with 0 after one is 128 and its
 * number, as of a process that the signal ended.
 *
 * No library is linked: what is used is the monitor's own C library. Nothing is done in one that has no
 * on_exit.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/exit_status/convention.h"

#pragma weak on_exit
#pragma weak fflush

extern int __sigaction(int number, const struct sigaction *action, struct sigaction *old);

static volatile sig_atomic_t asked; /* the last signal that asked to end */
static struct sigaction monitors[NSIG];

static void note(int number, siginfo_t *info, void *context)
{
    asked = number;
    if (monitors[number].sa_flags & SA_SIGINFO)
        monitors[number].sa_sigaction(number, info, context);
    else
        monitors[number].sa_handler(number);
}

static bool is_handled(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) ||
           (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN);
}

/* In the place of the C library's. */
int sigaction(int sig, const struct sigaction *act, struct sigaction *oact)
{
    bool asks = sig == SIGTERM || sig == SIGINT || sig == SIGHUP;
    if (!asks)
        return __sigaction(sig, act, oact);
    const struct sigaction before = monitors[sig];
    struct sigaction wrapped;
    if (act != NULL && is_handled(act)) {
        wrapped = monitors[sig] = *act;
        wrapped.sa_flags |= SA_SIGINFO;
        wrapped.sa_sigaction = note;
        act = &wrapped;
    }
    int result = __sigaction(sig, act, oact);
    /* Who sets again what stood there must not set `note`, which would call itself. */
    if (result == 0 && oact != NULL && oact->sa_sigaction == note)
        *oact = before;
    return result;
}

static void translate(int status, void *data)
{
    enum boot_exit convention = (enum boot_exit)(long)data;
    int meant = status == 0 && asked != 0 ? EXIT_STATUS_SIGNAL + asked
                                          : exit_status_of(convention, status, gettid() == getpid());
    if (meant == (status & 0xff))
        return;
    if (fflush != NULL)
        fflush(NULL);
    _exit(meant);
}

__attribute__((constructor)) static void listen_for_exit(void)
{
    const char *text = getenv(EXIT_STATUS_VARIABLE);
    if (text != NULL && on_exit != NULL)
        on_exit(translate, (void *)(long)(text[0] - '0'));
}
