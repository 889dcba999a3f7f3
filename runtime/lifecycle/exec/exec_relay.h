/*
 * A further program in a guest, seen from its client: the frames of its port (runtime/channel.h) against the
 * caller's standard streams, signals and terminal.
 *
 * The guest is hostile: it is heard only as far as the protocol goes, and breaking that ends the
 * conversation. What it writes is passed on 4 KiB at a time, and nothing more of it is read until that is
 * gone: so a caller that reads slowly slows the program, and no signal waits.
 */
#ifndef RUNTIME_LIFECYCLE_EXEC_EXEC_RELAY_H
#define RUNTIME_LIFECYCLE_EXEC_EXEC_RELAY_H

#include <signal.h>
#include <stdbool.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "runtime/channel.h"

/* Output that waits for the caller to take it. */
struct exec_output {
    int fd; /* -1: nobody reads it any more */
    size_t start;
    size_t end;
    uint8_t bytes[CHANNEL_PAYLOAD_MAX];
};

struct exec_relay {
    int port;    /* borrowed */
    int signals; /* signalfd; owned */
    bool terminal;
    bool input_open;
    bool started;
    bool ended;
    uint32_t status;    /* where it has ended */
    uint32_t may_send;  /* bytes of input */
    struct buffer send; /* frames that the port has not taken; owned */
    size_t sent;
    struct channel_reader reader;
    uint8_t heard[CHANNEL_FRAME_MAX]; /* bytes from the port that wait behind output */
    size_t heard_start;
    size_t heard_end;
    struct exec_output output[2];
};

/* Blocks the signals that are forwarded, for good. */
int exec_relay_init(struct exec_relay *relay, int port, bool terminal, struct error *error);
void exec_relay_free(struct exec_relay *relay);
#define cleanup_exec_relay __attribute__((cleanup(exec_relay_free)))

/* Sends the request and waits until the program runs. An error where it cannot be started, in runc's words.
 */
int exec_relay_start(struct exec_relay *relay, const struct buffer *items, const char *program,
                     const char *directory, struct error *error);

/* Relays until the program's end. Returns its exit status: 137 where the guest ended with it. */
int exec_relay_run(struct exec_relay *relay, struct error *error);

#endif
