#include "runtime/monitors/qemu/qmp.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/clock.h"
#include "formats/base/json.h"
#include "runtime/monitors/conversation.h"

enum { NUMBER_MAX = 1 << 30 };

/* ---- reading ---- */

static int receive(struct qmp *qmp, struct error *error)
{
    size_t before = qmp->heard.length;
    if (qmp->heard_already >= QMP_BYTES)
        return error_set(error, "the monitor sent more than %d bytes and no answer", QMP_BYTES);
    if (conversation_receive(qmp->fd, qmp->deadline, &qmp->heard, error) < 0)
        return -1;
    qmp->heard_already += qmp->heard.length - before;
    return 0;
}

/* The next message: each is an object and a line. Owned by the caller. */
static json_t *read_message(struct qmp *qmp, struct error *error)
{
    const char *end;
    while (qmp->heard.length == 0 || (end = memchr(qmp->heard.data, '\n', qmp->heard.length)) == NULL)
        if (receive(qmp, error) < 0)
            return NULL;
    size_t length = (size_t)(end - qmp->heard.data);
    json_t *message = NULL;
    if (conversation_is_too_deep(qmp->heard.data, length, QMP_DEPTH))
        error_set(error, "the monitor's answer has more than %d levels", QMP_DEPTH);
    else
        message = parse_json(qmp->heard.data, length, "the monitor's answer", error);
    qmp->heard.length -= length + 1;
    memmove(qmp->heard.data, qmp->heard.data + length + 1, qmp->heard.length);
    if (message != NULL && !json_is_object(message)) {
        error_set(error, "the monitor's answer is not an object");
        json_decref(take_pointer(message));
    }
    return message;
}

/* ---- writing ---- */

static ssize_t send_some(const struct qmp *qmp, const char *text, size_t length, int fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof fd)];
        struct cmsghdr aligned;
    } control = {0};
    struct iovec part = {.iov_base = (char *)text, .iov_len = length};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    return sendmsg(qmp->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int send_all(const struct qmp *qmp, const char *text, int fd, struct error *error)
{
    for (size_t length = strlen(text); length > 0;) {
        ssize_t sent = send_some(qmp, text, length, fd);
        if (sent > 0) {
            text += sent;
            length -= (size_t)sent;
            fd = -1;
        } else if (errno != EAGAIN && errno != EINTR) {
            return error_errno(error, errno, "the monitor's socket");
        } else if (conversation_wait(qmp->fd, POLLOUT, qmp->deadline, error) < 0) {
            return -1;
        }
    }
    return 0;
}

static int send_command(struct qmp *qmp, const char *command, json_t *arguments, int fd, struct error *error)
{
    cleanup_json json_t *request = json_pack("{s:s, s:I}", "execute", command, "id", ++qmp->number);
    if (arguments != NULL)
        json_object_set_new(request, "arguments", arguments);
    cleanup_free char *text = json_dumps(request, JSON_COMPACT);
    if (text == NULL)
        return error_set(error, "cannot be encoded");
    qmp->heard_already = 0;
    return send_all(qmp, text, fd, error);
}

/* ---- a conversation ---- */

/* What the command returned, owned; NULL where the message is not its answer, or with an error. */
static json_t *take_answer(const struct qmp *qmp, const json_t *message, struct error *error)
{
    const json_t *number = json_object_get(message, "id");
    if (!json_is_integer(number) || json_integer_value(number) != qmp->number)
        return NULL;
    json_t *returned = json_object_get(message, "return");
    if (returned != NULL)
        return json_incref(returned);
    const char *text = json_string_value(json_object_get(json_object_get(message, "error"), "desc"));
    error_set(error, "%s", text != NULL ? text : "the monitor's answer is neither a result nor an error");
    return NULL;
}

static json_t *converse(struct qmp *qmp, const char *command, json_t *arguments, int fd, struct error *error)
{
    if (send_command(qmp, command, arguments, fd, error) < 0)
        return NULL;
    for (;;) {
        cleanup_json json_t *message = read_message(qmp, error);
        if (message == NULL)
            return NULL;
        json_t *returned = take_answer(qmp, message, error);
        if (returned != NULL || error_is_set(error))
            return returned;
    }
}

json_t *qmp_call(struct qmp *qmp, const char *command, json_t *arguments, int fd, struct error *error)
{
    json_t *returned = converse(qmp, command, arguments, fd, error);
    if (returned == NULL)
        error_prefix(error, "%s", command);
    return returned;
}

int qmp_do(struct qmp *qmp, const char *command, json_t *arguments, int fd, struct error *error)
{
    cleanup_json json_t *returned = qmp_call(qmp, command, arguments, fd, error);
    return returned != NULL ? 0 : -1;
}

/* Answers to a client that left go to the next one, so numbers do not begin at the same place. */
static json_int_t choose_number(void)
{
    unsigned number = 0;
    if (getrandom(&number, sizeof number, 0) < 0)
        number = (unsigned)clock_milliseconds();
    return number % NUMBER_MAX;
}

static int greet(struct qmp *qmp, struct error *error)
{
    for (;;) {
        cleanup_json json_t *message = read_message(qmp, error);
        if (message == NULL)
            return -1;
        /* An answer to the client before us may come first. */
        if (json_object_get(message, "QMP") != NULL)
            return qmp_do(qmp, "qmp_capabilities", NULL, -1, error);
    }
}

int qmp_open(int fd, struct qmp *qmp, struct error *error)
{
    return qmp_open_within(fd, QMP_TIMEOUT, qmp, error);
}

int qmp_open_within(int fd, int timeout, struct qmp *qmp, struct error *error)
{
    *qmp = (struct qmp){.fd = fd, .deadline = clock_milliseconds() + timeout, .number = choose_number()};
    if (greet(qmp, error) == 0)
        return 0;
    qmp_close(qmp);
    return -1;
}

void qmp_close(struct qmp *qmp)
{
    if (qmp->fd >= 0)
        close(qmp->fd);
    buffer_free(&qmp->heard);
    *qmp = QMP_NONE;
}
