/*
 * Loaded into the monitor (LD_PRELOAD), so that whoever reaps it sees the guest's exit status.
 *
 * A guest that writes V to isa-debug-exit makes QEMU call exit((V << 1) | 1): never 0, and cut to eight bits
 * by the kernel. A function that is registered with on_exit(3) gets the whole number, and ends the process
 * with what the guest meant. It is registered before main, so it runs last.
 *
 * No library is linked: what is used is the monitor's own C library. Nothing is done in one that has no
 * on_exit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/exit_status/convention.h"

#pragma weak on_exit
#pragma weak fflush

static void translate(int status, void *data)
{
    enum boot_exit convention = (enum boot_exit)(long)data;
    int meant = exit_status_of(convention, status, gettid() == getpid());
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
