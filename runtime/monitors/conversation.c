#include "runtime/monitors/conversation.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "formats/base/clock.h"

int conversation_wait(int fd, short events, int64_t deadline, struct error *error)
{
    struct pollfd ready = {.fd = fd, .events = events};
    for (;;) {
        int64_t left = deadline - clock_milliseconds();
        int got = left > 0 ? poll(&ready, 1, (int)left) : 0;
        if (got > 0)
            return 0;
        if (got == 0)
            return error_numbered(error, ETIMEDOUT,
                                  "the monitor does not answer: it is stopped, or another command is at work "
                                  "on it");
        if (errno != EINTR)
            return error_errno(error, errno, "the monitor's socket");
    }
}

int conversation_receive(int fd, int64_t deadline, struct buffer *heard, struct error *error)
{
    char bytes[4096];
    for (;;) {
        if (conversation_wait(fd, POLLIN, deadline, error) < 0)
            return -1;
        ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got > 0) {
            buffer_add(heard, bytes, (size_t)got);
            return 0;
        }
        if (got == 0)
            return error_numbered(error, ECONNRESET, "the monitor has ended the conversation");
        if (errno != EINTR && errno != EAGAIN)
            return error_errno(error, errno, "the monitor's socket");
    }
}

bool conversation_is_too_deep(const char *json, size_t length, int levels)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < length && depth <= levels; i++) {
        if (quoted && json[i] == '\\')
            i++;
        else if (json[i] == '"')
            quoted = !quoted;
        else if (!quoted && (json[i] == '{' || json[i] == '['))
            depth++;
        else if (!quoted && (json[i] == '}' || json[i] == ']'))
            depth--;
    }
    return depth > levels;
}
