#include "runtime/init/program/execs.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/init/program/ports.h"

int execs_open(struct execs *execs, uint32_t number)
{
    struct exec **slot = NULL;
    for (size_t i = 0; i < CHANNEL_EXECS_MAX; i++) {
        if (execs->items[i] == NULL)
            slot = &execs->items[i];
        else if (execs->items[i]->number == number)
            return EBUSY;
    }
    if (slot == NULL)
        return EMFILE;
    char name[sizeof CHANNEL_EXEC_PORT + 10];
    snprintf(name, sizeof name, CHANNEL_EXEC_PORT "%u", number);
    int port = port_open_named(name);
    if (port < 0)
        return errno;
    *slot = exec_new(number, port, execs->events, execs->event);
    if (*slot != NULL)
        return 0;
    close(port);
    return ENOMEM;
}

bool execs_turn(struct execs *execs)
{
    bool more = false;
    for (size_t i = 0; i < CHANNEL_EXECS_MAX; i++) {
        struct exec *exec = execs->items[i];
        if (exec == NULL)
            continue;
        more = exec_turn(exec) || more;
        if (exec->phase == EXEC_GONE) {
            exec_free(exec);
            execs->items[i] = NULL;
        }
    }
    return more;
}

void execs_reaped(struct execs *execs, pid_t pid, int status)
{
    for (size_t i = 0; i < CHANNEL_EXECS_MAX; i++)
        if (execs->items[i] != NULL && execs->items[i]->pid == pid)
            exec_reaped(execs->items[i], status);
}

bool execs_are_left(const struct execs *execs)
{
    for (size_t i = 0; i < CHANNEL_EXECS_MAX; i++)
        if (execs->items[i] != NULL)
            return true;
    return false;
}

void execs_free(struct execs *execs)
{
    for (size_t i = 0; i < CHANNEL_EXECS_MAX; i++)
        if (execs->items[i] != NULL) {
            exec_free(execs->items[i]);
            execs->items[i] = NULL;
        }
}
