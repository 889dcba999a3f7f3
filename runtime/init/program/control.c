#include "runtime/init/program/control.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "runtime/init/program/clock.h"

/* Milliseconds after which the rest of a frame is not to be expected any more: clients send them whole. One
 * that leaves while another comes is not seen leaving. */
enum { PATIENCE = 1000 };

static void flush(struct control *control)
{
    ssize_t put = control->queued > 0 ? write(control->fd, control->queue, control->queued) : 0;
    if (put <= 0)
        return;
    control->queued -= (size_t)put;
    memmove(control->queue, control->queue + put, control->queued);
}

static void note_arrival(struct control *control)
{
    long long now = clock_milliseconds();
    if (now - control->heard > PATIENCE)
        control->reader = (struct channel_reader){0};
    control->heard = now;
}

bool control_receive(struct control *control,
                     void (*execute)(void *context, const struct channel_frame *frame), void *context)
{
    uint8_t bytes[4096];
    flush(control);
    ssize_t got = read(control->fd, bytes, sizeof bytes);
    /* The client has left, or its frame came before the word that it is there: its answer stays. One that is
     * for a client who left is passed over by the next one. */
    if (got == 0)
        control->reader = (struct channel_reader){0};
    if (got > 0)
        note_arrival(control);
    size_t left = got > 0 ? (size_t)got : 0;
    for (const uint8_t *at = bytes; left > 0;) {
        struct channel_frame frame;
        if (channel_read(&control->reader, &at, &left, &frame) == CHANNEL_FRAME)
            execute(context, &frame);
    }
    return got > 0;
}

void control_send(struct control *control, enum channel_type type, uint16_t session, const void *payload,
                  uint32_t length)
{
    if (control->fd < 0 || sizeof(struct channel_header) + length > CONTROL_QUEUE - control->queued)
        return;
    control->queued += channel_write(control->queue + control->queued, type, session, payload, length);
    flush(control);
}
