#include "runtime/process/message.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "formats/base/clock.h"

int message_send(int fd, enum message_type type, const char *text, struct error *error)
{
    char letter = (char)type;
    size_t length = strnlen(text, MESSAGE_TEXT - 1);
    struct iovec parts[2] = {{&letter, 1}, {(void *)text, length}};
    struct msghdr header = {.msg_iov = parts, .msg_iovlen = 2};
    while (sendmsg(fd, &header, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            return error_errno(error, errno, "cannot reach the container's process");
    return 0;
}

static int wait_for(int fd, int timeout, struct error *error)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    int64_t deadline = clock_milliseconds() + timeout;
    for (;;) {
        int64_t left = deadline - clock_milliseconds();
        int ready = poll(&readable, 1, timeout < 0 ? -1 : left > 0 ? (int)left : 0);
        if (ready > 0)
            return 0;
        if (ready == 0)
            return error_numbered(error, ETIMEDOUT, "the container's process does not answer");
        if (errno != EINTR)
            return error_errno(error, errno, "cannot hear the container's process");
    }
}

int message_receive(int fd, int timeout, struct message *message, struct error *error)
{
    if (wait_for(fd, timeout, error) < 0)
        return -1;
    char letter = 0;
    struct iovec parts[2] = {{&letter, 1}, {message->text, sizeof message->text - 1}};
    struct msghdr header = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t got;
    while ((got = recvmsg(fd, &header, 0)) < 0) {
        if (errno == EINTR)
            continue;
        /* The listening end was closed before it accepted this connection. */
        if (errno == ECONNRESET) {
            got = 0;
            break;
        }
        return error_errno(error, errno, "cannot hear the container's process");
    }
    message->text[got > 1 ? got - 1 : 0] = '\0';
    message->type = got > 0 ? (enum message_type)letter : MESSAGE_END;
    return 0;
}

int message_expect(int fd, int timeout, enum message_type type, struct message *message, struct error *error)
{
    if (message_receive(fd, timeout, message, error) < 0)
        return -1;
    if (message->type == type)
        return 0;
    if (message->type == MESSAGE_ERROR)
        return error_set(error, "%s", message->text);
    return error_set(error, "the container's process ended early");
}
