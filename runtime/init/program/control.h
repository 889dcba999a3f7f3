/* The control port in the guest: frames of the host's clients come, answers go. */
#ifndef RUNTIME_INIT_CONTROL_H
#define RUNTIME_INIT_CONTROL_H

#include <stdbool.h>

#include "runtime/channel.h"

enum { CONTROL_QUEUE = 4096 };

struct control {
    int fd; /* non-blocking; -1: there is no channel */
    struct channel_reader reader;
    long long heard;              /* when the last bytes came */
    uint8_t queue[CONTROL_QUEUE]; /* answers that the port did not take yet */
    size_t queued;
};

/* Takes what is there, up to some kilobytes, and calls `execute` for each frame. True: there may be more. */
bool control_receive(struct control *control,
                     void (*execute)(void *context, const struct channel_frame *frame), void *context);

/* Sends a frame with a number for payload. It waits where the port takes no more; where the host reads
 * nothing, so that the queue is full, it is lost. */
void control_send(struct control *control, enum channel_type type, uint16_t session, const void *payload,
                  uint32_t length);

#endif
