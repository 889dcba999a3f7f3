/*
 * The channel between a Linux guest's agent (runtime/init) and the host.
 *
 * Four ports of a virtio-serial device. Three carry the program's standard input, output and error, bytes as
 * they are. The fourth, the control port, carries frames both ways; on the host's side it is a unix socket in
 * the container's state directory (CHANNEL_SOCKET), which takes one client at a time. A client may come
 * before the guest is up: its frames wait. It may leave before its answer: so every frame has the session
 * number that the client chose, answers repeat it, and a client ignores answers with another one. A client
 * sends each frame whole; what came of one before the client left, or a second ago, is forgotten.
 *
 * The port of standard input stands before the other three on the device: the guest hears of the ports in
 * that order, and takes it for connected once the others are. A guest's write to a port has been handled by
 * the monitor when it returns (on QEMU: ioeventfd=off), and the monitor then has written the bytes, so a
 * guest that has written may end: nothing else tells it what became of them.
 *
 * Where the container has a terminal there may be a fifth, CHANNEL_WINDOW_PORT: from the host come frames of
 * CHANNEL_WINDOW, session 0, which are not answered. Sizes that an engine sets come this way, and wait until
 * the agent opens the port. It stands before all others, so that the guest has heard of it once it knows
 * them.
 *
 * Each side treats the other as hostile: a frame of an unknown type is passed over, one that is longer than
 * CHANNEL_PAYLOAD_MAX ends the conversation on the host's side, and on the guest's side everything up to the
 * announced end is passed over.
 */
/*
 * A further program in the guest (`urunc exec`) has a port of its own, CHANNEL_EXEC_PORT and a number, which
 * the host adds to the device while the guest runs, and which one client has for as long as the program runs.
 * CHANNEL_EXEC on the control port has the agent take it; what it answers with ENOENT is asked again, because
 * a guest hears of a new port some milliseconds later. Then the port carries frames of session 0:
 *
 *     host                                    guest
 *     CHANNEL_REQUEST... CHANNEL_START ----->
 *                                      <----- CHANNEL_STARTED
 *     CHANNEL_INPUT, _SIGNAL, _WINDOW ----->
 *                                      <----- CHANNEL_OUTPUT, _ERROR, _TAKEN
 *                                      <----- CHANNEL_EXITED: all output came before; the last frame
 *
 * The host sends at most CHANNEL_INPUT_WINDOW bytes of input beyond those that the guest has TAKEN, so input
 * that a program does not read keeps no signal waiting. A client that leaves ends its program with SIGKILL; a
 * guest that ends closes the port without CHANNEL_EXITED. Nothing of a program outlives its port: there is no
 * status that somebody could ask for later.
 */
#ifndef RUNTIME_CHANNEL_H
#define RUNTIME_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

/* Names of the ports (/sys/class/virtio-ports/NAME/name). */
#define CHANNEL_STDIN   "urunc.stdin"
#define CHANNEL_STDOUT  "urunc.stdout"
#define CHANNEL_STDERR  "urunc.stderr"
#define CHANNEL_CONTROL "urunc.control"

#define CHANNEL_WINDOW_PORT "urunc.window"
#define CHANNEL_EXEC_PORT   "urunc.exec." /* and a number from 1 */

#define CHANNEL_SOCKET "control.sock"

enum {
    CHANNEL_PAYLOAD_MAX = 4096,
    CHANNEL_REQUEST_MAX = 8 << 20, /* bytes: the kernel's own limit for arguments and environment is 6 MiB */
    CHANNEL_INPUT_WINDOW = 64 << 10, /* bytes */
    CHANNEL_EXECS_MAX = 24,          /* at once: a device has 31 ports */
};

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
    CHANNEL_EXEC = 5,      /* uint32_t: the number of a port; answered by CHANNEL_DONE */
    /* From the host, on the port of a program. Signals and windows are not answered there. */
    CHANNEL_REQUEST = 16, /* the next bytes of the request: see enum channel_item */
    CHANNEL_START = 17,   /* no payload: that was the request */
    CHANNEL_INPUT = 18,   /* for standard input; no bytes: its end */
    /* From the guest. */
    CHANNEL_DONE = 64,   /* uint32_t: 0, or Linux's errno */
    CHANNEL_STATE = 65,  /* uint8_t: enum channel_phase; uint32_t: the exit status where it has ended */
    CHANNEL_EXITED = 66, /* uint32_t: the program's exit status (128 and the signal); an event: session 0 */
    /* From the guest, on the port of a program. */
    CHANNEL_STARTED =
        67, /* uint32_t: 0, or Linux's errno; uint8_t: enum channel_step that failed, then it ends */
    CHANNEL_OUTPUT = 68,
    CHANNEL_ERROR = 69,
    CHANNEL_TAKEN = 70, /* uint32_t: bytes of input that the program took since the last such frame */
};

/* A request is items, each a byte of these, a text, and a NUL. */
enum channel_item {
    CHANNEL_ARGUMENT = 'a', /* in their order; the first is the program, looked for in the variable PATH */
    CHANNEL_VARIABLE = 'e', /* K=V */
    CHANNEL_DIRECTORY = 'd',
    CHANNEL_USER = 'u',  /* UID:GID */
    CHANNEL_GROUP = 'g', /* a further group's ID */
    CHANNEL_TERMINAL =
        't', /* ROWSxCOLUMNS, 0x0 where unknown: the program gets a terminal, and all it writes is output */
    CHANNEL_SEALED = 'n', /* no text: no_new_privs */
    CHANNEL_LIMIT = 'l',  /* RESOURCE:SOFT:HARD, Linux's number and values of setrlimit(2) */
};

/* What a program's start can fail at. */
enum channel_step {
    CHANNEL_STEP_REQUEST = 0, /* it cannot be read, or a part of it is missing */
    CHANNEL_STEP_PROCESS = 1, /* no process, pipe or terminal could be made */
    CHANNEL_STEP_DIRECTORY = 2,
    CHANNEL_STEP_USER = 3,
    CHANNEL_STEP_PROGRAM = 4,
    CHANNEL_STEP_LIMITS = 5,
};

enum channel_phase {
    CHANNEL_STARTING = 0, /* there is no program yet */
    CHANNEL_RUNNING = 1,
    CHANNEL_ENDED = 2,
};

/* Most bytes of a frame. */
enum { CHANNEL_FRAME_MAX = sizeof(struct channel_header) + CHANNEL_PAYLOAD_MAX };

/* Writes a frame to `out`, which has room for the header and `length` bytes, CHANNEL_PAYLOAD_MAX at most.
 * Returns its size. */
size_t channel_write(uint8_t *out, enum channel_type type, uint16_t session, const void *payload,
                     uint32_t length);

/* Numbers of a payload, little-endian wherever this runs. */
uint16_t channel_get16(const uint8_t *bytes);
uint32_t channel_get32(const uint8_t *bytes);
void channel_put16(uint8_t *bytes, uint16_t number);
void channel_put32(uint8_t *bytes, uint32_t number);

/* What came in, up to the end of one frame. Starts as zeros. */
struct channel_reader {
    uint8_t bytes[CHANNEL_FRAME_MAX];
    size_t have;
    uint32_t passed_over; /* bytes of an overlong frame that are still to come */
};

struct channel_frame {
    uint8_t type; /* not checked */
    uint16_t session;
    uint32_t length;        /* of the payload */
    const uint8_t *payload; /* in the reader, until it is fed again */
};

enum channel_result {
    CHANNEL_INCOMPLETE, /* all bytes were taken, and there is no frame yet */
    CHANNEL_FRAME,      /* `frame` is one */
    CHANNEL_OVERLONG,   /* a header announces more than CHANNEL_PAYLOAD_MAX bytes: they will be passed over */
};

/* Takes bytes from `*bytes` up to the end of one frame and moves `*bytes` and `*size` behind them. */
enum channel_result channel_read(struct channel_reader *reader, const uint8_t **bytes, size_t *size,
                                 struct channel_frame *frame);

#endif
