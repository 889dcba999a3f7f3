/* Short messages between the commands and the container's waiting process, over a SOCK_SEQPACKET socket. */
#ifndef RUNTIME_PROCESS_MESSAGE_H
#define RUNTIME_PROCESS_MESSAGE_H

#include "formats/base/error.h"

enum { MESSAGE_TEXT = 4096 }; /* bytes with the NUL; longer texts are cut */

enum message_type {
    MESSAGE_END = 0, /* the other side closed the socket */
    /* between `create` and the process */
    MESSAGE_ENTER = 'e',   /* mappings and cgroups are in place: set up your namespaces */
    MESSAGE_ENTERED = 'd', /* done */
    MESSAGE_HOOKS = 'h',   /* run the createContainer hooks; the text is your process ID on the host */
    MESSAGE_CREATED = 'c', /* done; waiting for `start` */
    /* between `start` and the process */
    MESSAGE_ACCEPTED = 'a', /* this `start` is the one that starts it */
    MESSAGE_NETWORK = 'n',  /* about to join "INTERFACE TAP INTERFACE TAP...": write that down */
    MESSAGE_WRITTEN = 'w',  /* done */
    MESSAGE_JOINED = 'j',   /* joined, so there is something to undo */
    /* about to be the monitor: remove the name of the socket, and that of the channel's where the text has
     * not the word MESSAGE_HAS_CHANNEL; write down MESSAGE_GUEST_STOPS; then say WRITTEN */
    MESSAGE_STARTED = 's',
    /* from the process: it failed; the text is the error. It ends. */
    MESSAGE_ERROR = 'x',
};

#define MESSAGE_HAS_CHANNEL "channel"
#define MESSAGE_GUEST_STOPS "stops" /* the monitor can ask the guest to end */

struct message {
    enum message_type type;
    char text[MESSAGE_TEXT];
};

/* Milliseconds. */
enum {
    MESSAGE_NO_TIMEOUT = -1,
    MESSAGE_TIMEOUT = 30000, /* for an answer that needs no more than the kernel's help */
};

int message_send(int fd, enum message_type type, const char *text, struct error *error);
/* Waits for a message, at most `timeout` milliseconds; error->number is ETIMEDOUT where none came.
 * MESSAGE_END is no error. */
int message_receive(int fd, int timeout, struct message *message, struct error *error);
/* Waits for a message of that type; an error message becomes the error, and so does an end. */
int message_expect(int fd, int timeout, enum message_type type, struct message *message, struct error *error);

#endif
