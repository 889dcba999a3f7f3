/*
 * A further program in the guest, on a port of its own (runtime/channel.h).
 *
 * It is moved forward by turns: each takes what the port, the program's pipes and its terminal have, and
 * passes it on as far as the other side takes it. Nothing waits, and all buffers are bounded, so one program
 * or one client that is slow keeps nobody else.
 */
#ifndef RUNTIME_INIT_EXEC_H
#define RUNTIME_INIT_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/channel.h"

enum exec_phase {
    EXEC_REQUESTED, /* the request is on its way */
    EXEC_STARTING,  /* there is a process that is not the program yet */
    EXEC_RUNNING,
    EXEC_TOLD, /* the last frame is in the queue */
    EXEC_GONE, /* nothing is left to do */
};

enum { EXEC_QUEUE = 32 << 10 }; /* the most that a port takes at once */

struct exec {
    uint32_t number;
    enum exec_phase phase;
    int port; /* all descriptors: owned, not blocking, -1 where closed */
    bool connected;
    struct channel_reader reader;
    char *request; /* owned */
    size_t request_size;
    size_t request_capacity;
    int events; /* epoll and the event, borrowed: where descriptors are watched */
    uint32_t event;
    pid_t pid;
    bool reaped;
    int status; /* where it was reaped */
    int report; /* from the child: what its start failed at; it closes when the program runs */
    int input;  /* to the program; on a terminal the same as output[0] */
    int output[2];
    bool terminal;
    bool input_ends; /* behind the bytes that wait */
    uint32_t taken;  /* bytes of input that the host was not told of yet */
    size_t waiting_start;
    size_t waiting_end;
    char waiting[CHANNEL_INPUT_WINDOW]; /* input on its way to the program */
    size_t queue_start;
    size_t queue_end;
    uint8_t queue[EXEC_QUEUE]; /* frames on their way to the host */
};

/* Takes the port. NULL with errno set: the port stays the caller's. */
struct exec *exec_new(uint32_t number, int port, int events, uint32_t event);
/* Closes everything; a program that still runs is killed. */
void exec_free(struct exec *exec);

/* Does what can be done now, a bounded amount. True: there may be more. */
bool exec_turn(struct exec *exec);

/* The program was reaped with that status (128 and a signal). */
void exec_reaped(struct exec *exec, int status);

#endif
