/* The further programs of the guest: which there are, and what moves them. */
#ifndef RUNTIME_INIT_EXECS_H
#define RUNTIME_INIT_EXECS_H

#include "runtime/init/program/exec.h"

struct execs {
    int events;     /* epoll, where their descriptors are watched; borrowed */
    uint32_t event; /* what it says of them */
    struct exec *items[CHANNEL_EXECS_MAX];
};

/* Takes the port of that number. 0 or an errno: ENOENT where the guest has no such port (yet), EBUSY where it
 * has been taken, EMFILE where there are CHANNEL_EXECS_MAX. */
int execs_open(struct execs *execs, uint32_t number);

/* A turn for each. True: there may be more to do at once. */
bool execs_turn(struct execs *execs);

/* A process that was reaped, which may be one of theirs. */
void execs_reaped(struct execs *execs, pid_t pid, int status);

bool execs_are_left(const struct execs *execs);
void execs_free(struct execs *execs);

#endif
