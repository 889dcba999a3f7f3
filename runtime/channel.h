/*
 * The channel between a Linux guest's agent (runtime/init) and the host.
 *
 * Four ports of a virtio-serial device. Three carry the program's standard input, output and error, bytes as
 * they are. The fourth, the control port, carries frames both ways; on the host's side it is a unix socket in
 * the container's state directory (CHANNEL_SOCKET), which takes one client at a time. A client may come
 * before the guest is up: its frames wait. It may leave before its answer: so every frame has the session
 * number that the client chose, answers repeat it, and a client ignores answers with another one.
 *
 * Each side treats the other as hostile: a frame of an unknown type is passed over, one that is longer than
 * CHANNEL_PAYLOAD_MAX ends the conversation on the host's side, and on the guest's side everything up to the
 * announced end is passed over.
 */
#ifndef RUNTIME_CHANNEL_H
#define RUNTIME_CHANNEL_H

#include <stdint.h>

/* Names of the ports (/sys/class/virtio-ports/NAME/name). */
#define CHANNEL_STDIN   "urunc.stdin"
#define CHANNEL_STDOUT  "urunc.stdout"
#define CHANNEL_STDERR  "urunc.stderr"
#define CHANNEL_CONTROL "urunc.control"

#define CHANNEL_SOCKET "control.sock"

enum { CHANNEL_PAYLOAD_MAX = 4096 };

/* A frame: this header, then `length` bytes. All numbers are little-endian. */
struct channel_header {
    uint8_t type;     /* enum channel_type */
    uint8_t reserved; /* 0 */
    uint16_t session; /* of the client; 0 in an event that nobody asked for */
    uint32_t length;  /* bytes of the payload */
} __attribute__((packed));

enum channel_type {
    /* From the host. */
    CHANNEL_HELLO = 1,  /* no payload; answered by CHANNEL_STATE */
    CHANNEL_SIGNAL = 2, /* uint32_t: Linux's number of the signal for the program; answered by CHANNEL_DONE */
    CHANNEL_WINDOW = 3, /* uint16_t rows, uint16_t columns of the terminal; answered by CHANNEL_DONE */
    CHANNEL_POWER_OFF = 4, /* no payload: SIGTERM, after 10 s SIGKILL, then the machine goes off with its file
                              systems written back; answered by CHANNEL_DONE at once */
    /* From the guest. */
    CHANNEL_DONE = 64,   /* uint32_t: 0, or Linux's errno */
    CHANNEL_STATE = 65,  /* uint8_t: enum channel_phase; uint32_t: the exit status where it has ended */
    CHANNEL_EXITED = 66, /* uint32_t: the program's exit status (128 and the signal); an event: session 0 */
};

enum channel_phase {
    CHANNEL_STARTING = 0, /* there is no program yet */
    CHANNEL_RUNNING = 1,
    CHANNEL_ENDED = 2,
};

#endif
