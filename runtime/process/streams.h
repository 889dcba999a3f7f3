/*
 * Standard output and error of a monitor whose guest has the channel (runtime/channel.h).
 *
 * The monitor gets the two once more, as descriptors of which it is told the numbers. QEMU would make them
 * non-blocking, and then output that nobody has read by the guest's end would be lost; that is kept from it
 * (runtime/sandbox/privileges/blocking_output.h), so a guest whose output is not read stands still.
 */
#ifndef RUNTIME_PROCESS_STREAMS_H
#define RUNTIME_PROCESS_STREAMS_H

#include "formats/base/error.h"
#include "runtime/boot.h"

/* All are owned; -1: none. */
struct streams {
    struct boot_stream output;
    struct boot_stream error;
    int console;    /* the error stream again, where it is a socket: QEMU opens a socket once */
    int readers[2]; /* the other ends, where the two are pipes */
    int window[2];  /* a terminal's sizes: the guest's end, and the one that they are written to */
};
#define STREAMS_NONE                                                                                         \
    ((struct streams){                                                                                       \
        .output = {.fd = -1}, .error = {.fd = -1}, .console = -1, .readers = {-1, -1}, .window = {-1, -1}})

/*
 * Opens them: for writing only, because QEMU takes no other for an output that it opens by number. False
 * where that cannot be done (for a terminal, say, that belongs to a user outside of the user namespace); then
 * nothing is open. Needs /proc.
 *
 * A monitor that holds the other end of a pipe never meets one that has no reader, at which QEMU would spin.
 * Who attends the container (`attended`) must rather see that the reader has gone, and ends the container.
 */
bool streams_open(bool attended, struct streams *streams);
void streams_close(struct streams *streams);

/* Opens streams->window, a pair of sockets that do not block. */
int streams_open_window(struct streams *streams, struct error *error);

/* Gives the boot its streams, puts /dev/null in the place of descriptor 1, and makes a terminal pass on bytes
 * as they are: the guest has a terminal of its own, which edits, echoes and translates. */
int streams_hand_over(const struct streams *streams, struct boot *boot, struct error *error);

/* The size of the terminal on standard input; zeros where there is none. */
void streams_size(uint16_t *rows, uint16_t *columns);

#endif
