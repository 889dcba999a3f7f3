#include "runtime/lifecycle/exec/exec_port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "formats/base/cleanup.h"
#include "runtime/lifecycle/channel_call.h"
#include "runtime/lifecycle/manage.h"

#define LABEL        "exec-"         /* and a number: of device, character device and descriptor in QEMU */
#define DISCONNECTED "disconnected:" /* begins the file name of a character device whose socket is closed */

enum {
    NUMBERS = 64,          /* more than the guest takes at once: QEMU forgets a number some 50 ms late */
    RETRY_PAUSE = 2000000, /* nanoseconds */
};

struct label {
    char text[sizeof LABEL + 10];
};

static struct label label_of(unsigned number)
{
    struct label label;
    snprintf(label.text, sizeof label.text, LABEL "%u", number);
    return label;
}

/* The number in a label of ours, or 0. */
static unsigned number_in(const char *label)
{
    if (label == NULL || strncmp(label, LABEL, strlen(LABEL)) != 0)
        return 0;
    unsigned long number = strtoul(label + strlen(LABEL), NULL, 10);
    return number <= NUMBERS ? (unsigned)number : 0;
}

/* ---- QEMU ---- */

/* Each may be gone already, and QEMU keeps the second for a moment after the first. */
static bool clear(struct qmp *qmp, unsigned number)
{
    cleanup_error struct error no_device = {0}, in_use = {0};
    struct label label = label_of(number);
    qmp_do(qmp, "device_del", json_pack("{s:s}", "id", label.text), -1, &no_device);
    return qmp_do(qmp, "chardev-remove", json_pack("{s:s}", "id", label.text), -1, &in_use) == 0;
}

/* Clears away what clients have left, and returns a number that is free. */
static int choose_number(struct qmp *qmp, unsigned *number, struct error *error)
{
    bool taken[NUMBERS + 1] = {true};
    cleanup_json json_t *devices = qmp_call(qmp, "query-chardev", NULL, -1, error);
    if (devices == NULL)
        return -1;
    size_t index;
    json_t *device;
    json_array_foreach (devices, index, device) {
        unsigned found = number_in(json_string_value(json_object_get(device, "label")));
        const char *file = json_string_value(json_object_get(device, "filename"));
        bool is_left = file != NULL && strncmp(file, DISCONNECTED, strlen(DISCONNECTED)) == 0;
        if (found > 0)
            taken[found] = !is_left || !clear(qmp, found);
    }
    for (*number = 1; *number <= NUMBERS; ++*number)
        if (!taken[*number])
            return 0;
    return error_set(error, "%d programs run in the guest beside its own: wait for the end of one", NUMBERS);
}

static json_t *socket_backend(const char *descriptor)
{
    return json_pack("{s:s, s:{s:s, s:{s:{s:s, s:{s:s}}, s:b}}}", "id", descriptor, "backend", "type",
                     "socket", "data", "addr", "type", "fd", "data", "str", descriptor, "server", 0);
}

static int add_port(struct qmp *qmp, unsigned number, int fd, struct error *error)
{
    struct label label = label_of(number);
    char name[sizeof CHANNEL_EXEC_PORT + 10];
    snprintf(name, sizeof name, CHANNEL_EXEC_PORT "%u", number);
    if (qmp_do(qmp, "getfd", json_pack("{s:s}", "fdname", label.text), fd, error) < 0)
        return -1;
    cleanup_error struct error ignored = {0};
    if (qmp_do(qmp, "chardev-add", socket_backend(label.text), -1, error) < 0) {
        qmp_do(qmp, "closefd", json_pack("{s:s}", "fdname", label.text), -1, &ignored);
        return -1;
    }
    json_t *device = json_pack("{s:s, s:s, s:s, s:s, s:s}", "driver", "virtserialport", "bus", "channel.0",
                               "id", label.text, "name", name, "chardev", label.text);
    if (qmp_do(qmp, "device_add", device, -1, error) == 0)
        return 0;
    clear(qmp, number);
    return -1;
}

static int add_to_machine(int directory, struct exec_port *port, struct error *error)
{
    int pair[2];
    cleanup_qmp struct qmp qmp = QMP_NONE;
    if (qmp_connect(directory, &qmp, error) < 0 || choose_number(&qmp, &port->number, error) < 0)
        return -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return error_errno(error, errno, "cannot make a pair of sockets");
    cleanup_close int ours = pair[0], theirs = pair[1];
    if (add_port(&qmp, port->number, theirs, error) < 0)
        return -1;
    /* From here on there is something to remove. The number of a port that was not added may be another
     * client's by now. */
    port->fd = take_fd(ours);
    return 0;
}

/* ---- the guest ---- */

/* Asks until the guest has heard of its new port, or the call's time is over. -1, or 0 with the agent's
 * answer: 0 or an errno. */
static int ask_agent(int directory, unsigned number, uint32_t *answer, struct error *error)
{
    const struct timespec pause = {.tv_nsec = RETRY_PAUSE};
    cleanup_channel_call struct channel_call call = CHANNEL_CALL_NONE;
    uint8_t payload[4];
    channel_put32(payload, number);
    int status = channel_call_begin(directory, CHANNEL_EXEC, payload, sizeof payload, &call, error);
    while (status == 0) {
        if (channel_call_wait(&call, answer) != CHANNEL_CALL_ANSWERED && *answer != ENOENT)
            return error_set(error,
                             "the guest did not answer within %d seconds: it boots, its init is of an older "
                             "urunc, or it stands still because its output is not read",
                             CHANNEL_CALL_TIMEOUT / 1000);
        if (*answer != ENOENT || channel_call_left(&call) == 0)
            return 0;
        nanosleep(&pause, NULL);
        status = channel_call_repeat(&call, CHANNEL_EXEC, payload, sizeof payload, error);
    }
    return -1;
}

static int have_it_taken(int directory, const struct exec_port *port, struct error *error)
{
    uint32_t answer = 0;
    if (ask_agent(directory, port->number, &answer, error) < 0)
        return -1;
    if (answer == 0)
        return 0;
    if (answer == EMFILE)
        return error_set(error, "%d programs run in the guest beside its own: wait for the end of one",
                         CHANNEL_EXECS_MAX);
    if (answer == ESRCH)
        return error_set(error, "container not running");
    return error_set(error, "the guest does not take the port of the program: %s",
                     strerror((int)(answer & 0xfff)));
}

int exec_port_open(int directory, struct exec_port *port, struct error *error)
{
    *port = EXEC_PORT_NONE;
    if (add_to_machine(directory, port, error) == 0 && have_it_taken(directory, port, error) == 0)
        return 0;
    exec_port_remove(directory, port);
    return -1;
}

/* The character device is left to the next client: QEMU lets it go after some 50 ms, for which nobody is to
 * wait. While this end is open nobody else takes the number. */
void exec_port_remove(int directory, struct exec_port *port)
{
    if (port->fd < 0)
        return;
    cleanup_qmp struct qmp qmp = QMP_NONE;
    cleanup_error struct error ignored = {0};
    struct label label = label_of(port->number);
    if (qmp_connect(directory, &qmp, &ignored) == 0)
        qmp_do(&qmp, "device_del", json_pack("{s:s}", "id", label.text), -1, &ignored);
    close(port->fd);
    *port = EXEC_PORT_NONE;
}
