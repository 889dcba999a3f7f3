/* The agent of a guest that has the channel: what it does with a request is one word of the guest's command
 * line. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/channel.h"
#include "tests/sandbox/standin/report.h"

int find_number(char *const *argv, const char *before, const char *after)
{
    for (; *argv != NULL; argv++) {
        const char *found = strstr(*argv, before);
        if (found != NULL && (after == NULL || strstr(found, after) != NULL))
            return (int)strtol(found + strlen(before), NULL, 10);
    }
    return -1;
}

void agent_take_output(char *const *argv)
{
    int fd = find_number(argv, "fd=", ",set=0");
    if (fd < 0)
        fd = find_number(argv, "socket,id=stdout,fd=", NULL);
    FILE *output = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (output != NULL)
        stdout = output; /* descriptor 1 stays what it was, for the report */
}

static void answer(int fd, uint16_t session, uint32_t number)
{
    uint8_t payload[4], frame[sizeof(struct channel_header) + sizeof payload];
    channel_put32(payload, number);
    size_t size = channel_write(frame, CHANNEL_DONE, session, payload, sizeof payload);
    if (send(fd, frame, size, MSG_NOSIGNAL) < 0)
        fprintf(stderr, "standin: answer: %s\n", strerror(errno));
}

static void flood(int fd)
{
    static const uint8_t frames[4096];
    while (send(fd, frames, sizeof frames, MSG_NOSIGNAL) > 0)
        ;
}

static void overlong(int fd)
{
    const uint8_t header[sizeof(struct channel_header)] = {CHANNEL_DONE, 0, 0, 0, 0, 0, 0, 1};
    send(fd, header, sizeof header, MSG_NOSIGNAL);
}

static void obey(int fd, const struct channel_frame *frame, const char *manner)
{
    if (frame->type == CHANNEL_SIGNAL)
        printf("signal %u\n", channel_get32(frame->payload));
    else if (frame->type == CHANNEL_WINDOW)
        printf("window %ux%u\n", channel_get16(frame->payload), channel_get16(frame->payload + 2));
    fflush(stdout);
    if (strcmp(manner, "flood") == 0)
        flood(fd);
    else if (strcmp(manner, "overlong") == 0)
        overlong(fd);
    else if (strcmp(manner, "leave") == 0)
        shutdown(fd, SHUT_RDWR);
    else if (strcmp(manner, "end") == 0)
        exit((0x100 | 7) << 1 | 1); /* before the answer */
    else if (strcmp(manner, "refuse") == 0)
        answer(fd, frame->session, EINVAL);
    else if (strcmp(manner, "ended") == 0)
        answer(fd, frame->session, ESRCH);
    else if (strcmp(manner, "late") == 0)
        answer(fd, (uint16_t)(frame->session + 1), EINVAL); /* somebody else's, first */
    if (strcmp(manner, "answer") == 0 || strcmp(manner, "late") == 0)
        answer(fd, frame->session, 0);
    if (frame->type == CHANNEL_SIGNAL && channel_get32(frame->payload) == SIGTERM &&
        strcmp(manner, "answer") == 0)
        exit((0x100 | 7) << 1 | 1); /* as urunc-init does for a program that ended with 7 */
}

static void serve(int fd, const char *manner)
{
    struct channel_reader reader = {0};
    struct channel_frame frame;
    uint8_t bytes[4096];
    ssize_t got;
    while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0) {
        size_t left = (size_t)got;
        for (const uint8_t *at = bytes; left > 0;)
            if (channel_read(&reader, &at, &left, &frame) == CHANNEL_FRAME)
                obey(fd, &frame, manner);
    }
}

static void end_on_signal(int number)
{
    exit(number == SIGTERM ? 0 : 3); /* without a report */
}

void agent_run(char *const *argv, const char *manner)
{
    int listener = find_number(argv, "socket,id=control,fd=", NULL);
    signal(SIGTERM, end_on_signal);
    signal(SIGUSR1, end_on_signal);
    puts("agent");
    fflush(stdout);
    if (strcmp(manner, "window") == 0) {
        int sizes = find_number(argv, "socket,id=window,fd=", NULL);
        fcntl(sizes, F_SETFL, 0); /* to wait for them */
        serve(sizes, manner);
    }
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            _exit(1);
        serve(fd, manner);
        close(fd);
    }
}
