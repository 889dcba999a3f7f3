/*
 * A client of QEMU's machine protocol (docs/interop/qmp-spec.txt of QEMU's repository): one command after
 * another on the management socket of a container's monitor.
 *
 * QEMU speaks to one client at a time; the others wait for its greeting. What answers may be a monitor that
 * its guest has taken over: so a line has a limit, a conversation a deadline and a number of bytes, JSON a
 * depth, and only the answer with the command's own number is one.
 */
#ifndef RUNTIME_MONITORS_QEMU_QMP_H
#define RUNTIME_MONITORS_QEMU_QMP_H

#include <jansson.h>
#include <stdint.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

enum {
    QMP_TIMEOUT = 5000,    /* milliseconds */
    QMP_BYTES = 256 << 10, /* that QEMU may send until it has answered a command, events included */
    QMP_DEPTH = 32,        /* of an answer's arrays and objects */
};

struct qmp {
    int fd;               /* owned; -1: none */
    int64_t deadline;     /* clock_milliseconds() by which all must be answered; the caller may move it */
    json_int_t number;    /* of the last command */
    struct buffer heard;  /* what has come and was not read yet; owned */
    size_t heard_already; /* bytes, since the last command */
};
#define QMP_NONE ((struct qmp){.fd = -1})

/* Takes the connection (also on failure), waits for the greeting and leaves the negotiation of capabilities
 * behind. error->number is ETIMEDOUT where another client is not done, or nobody answers. */
int qmp_open(int fd, struct qmp *qmp, struct error *error);
/* The same with that many milliseconds for the whole conversation. */
int qmp_open_within(int fd, int timeout, struct qmp *qmp, struct error *error);

/*
 * Executes a command; `arguments` (NULL: none) is taken, also on failure. `fd` goes along with it, for
 * commands that take a descriptor; -1: none; borrowed. Events are passed over. Returns what the command
 * returns (owned by the caller), or NULL and the error "COMMAND: what QEMU says".
 */
json_t *qmp_call(struct qmp *qmp, const char *command, json_t *arguments, int fd, struct error *error);

/* The same, where what it returns is of no interest. */
int qmp_do(struct qmp *qmp, const char *command, json_t *arguments, int fd, struct error *error);

void qmp_close(struct qmp *qmp);
#define cleanup_qmp __attribute__((cleanup(qmp_close)))

#endif
