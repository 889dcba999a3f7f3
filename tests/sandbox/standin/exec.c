/*
 * A monitor that takes ports for further programs, and the agent of a guest that runs them. What the agent
 * does is one word of the guest's command line:
 *
 *   echo      prints the request, signals, windows and input; ends with 7 at the end of input, or at SIGTERM
 *   stay      the same, but not at the end of input
 *   missing   there is no such program
 *   nowhere   the guest never hears of the port
 *   leave, overlong, taken, status   breaks off, or breaks the protocol in that respect, once the program
 * runs flood     writes until SIGTERM or SIGPIPE
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/channel.h"
#include "tests/sandbox/standin/report.h"

enum { PORTS = 32, CLIENTS = 2 };

struct port {
    int fd; /* -1: its client has left */
    bool there;
    bool asked; /* the agent was asked once */
    bool runs;
    size_t size; /* of the request, with its NULs as newlines */
    uint8_t request[CHANNEL_PAYLOAD_MAX];
    struct channel_reader reader;
};

struct client {
    int listener;
    int fd;
    struct channel_reader reader;
    int received; /* the last descriptor that came, or -1 */
};

static struct port ports[PORTS];
static const char *manner;

static void end_on_signal(int number)
{
    (void)number;
    exit(0);
}

static bool does(const char *name)
{
    return strcmp(manner, name) == 0;
}

/* ---- the agent ---- */

static void answer(int fd, enum channel_type type, uint16_t session, const void *payload, size_t length)
{
    uint8_t frame[CHANNEL_FRAME_MAX];
    size_t size = channel_write(frame, type, session, payload, (uint32_t)length);
    if (send(fd, frame, size, MSG_NOSIGNAL) < 0)
        fprintf(stderr, "standin: the client has left\n");
}

static void answer_number(int fd, enum channel_type type, uint16_t session, uint32_t number)
{
    uint8_t payload[4];
    channel_put32(payload, number);
    answer(fd, type, session, payload, sizeof payload);
}

static void print(int fd, const char *format, ...)
{
    char text[64];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    answer(fd, CHANNEL_OUTPUT, 0, text, (size_t)length);
}

static void keep_request(struct port *port, const struct channel_frame *frame)
{
    for (size_t i = 0; i < frame->length && port->size < sizeof port->request; i++)
        port->request[port->size++] = frame->payload[i] != 0 ? frame->payload[i] : '\n';
}

static void start(struct port *port)
{
    static const uint8_t overlong[sizeof(struct channel_header)] = {CHANNEL_OUTPUT, 0, 0, 0, 0, 0, 0, 1};
    static const uint8_t refused[5] = {2, 0, 0, 0, CHANNEL_STEP_PROGRAM};
    static const uint8_t started[5] = {0};
    bool missing = does("missing");
    answer(port->fd, CHANNEL_STARTED, 0, missing ? refused : started, sizeof started);
    if (does("leave"))
        shutdown(port->fd, SHUT_RDWR);
    if (does("overlong"))
        send(port->fd, overlong, sizeof overlong, MSG_NOSIGNAL);
    if (does("taken"))
        answer_number(port->fd, CHANNEL_TAKEN, 0, 1);
    if (does("status"))
        answer_number(port->fd, CHANNEL_EXITED, 0, 70000);
    if (does("echo") || does("stay")) {
        answer(port->fd, CHANNEL_OUTPUT, 0, port->request, port->size);
        answer(port->fd, CHANNEL_ERROR, 0, "started\n", 8);
    }
    port->runs = !missing;
}

static void end(struct port *port)
{
    answer_number(port->fd, CHANNEL_EXITED, 0, 7);
    port->runs = false;
}

static void obey(struct port *port, const struct channel_frame *frame)
{
    uint32_t number = frame->length == 4 ? channel_get32(frame->payload) : 0;
    if (frame->type == CHANNEL_REQUEST)
        keep_request(port, frame);
    if (frame->type == CHANNEL_START)
        start(port);
    if (frame->type == CHANNEL_INPUT && frame->length > 0) {
        answer(port->fd, CHANNEL_OUTPUT, 0, frame->payload, frame->length);
        answer_number(port->fd, CHANNEL_TAKEN, 0, frame->length);
    }
    if (frame->type == CHANNEL_SIGNAL)
        print(port->fd, "signal %u\n", number);
    if (frame->type == CHANNEL_WINDOW)
        print(port->fd, "window %ux%u\n", channel_get16(frame->payload), channel_get16(frame->payload + 2));
    bool is_end = frame->type == CHANNEL_INPUT && frame->length == 0 && !does("flood") && !does("stay");
    if (is_end || (frame->type == CHANNEL_SIGNAL && (number == SIGTERM || number == SIGPIPE)))
        end(port);
}

static void hear_program(struct port *port)
{
    uint8_t bytes[4096];
    ssize_t got = recv(port->fd, bytes, sizeof bytes, 0);
    if (got <= 0) {
        close(port->fd);
        port->fd = -1;
        port->runs = false;
        puts("program left");
        fflush(stdout);
        return;
    }
    size_t left = (size_t)got;
    struct channel_frame frame;
    for (const uint8_t *at = bytes; left > 0;)
        if (channel_read(&port->reader, &at, &left, &frame) == CHANNEL_FRAME)
            obey(port, &frame);
}

/* Asked for the first time, the guest has not heard of the port yet. */
static void hear_control(struct client *client)
{
    uint8_t bytes[4096];
    ssize_t got = recv(client->fd, bytes, sizeof bytes, 0);
    if (got <= 0) {
        close(client->fd);
        client->fd = -1;
        return;
    }
    size_t left = (size_t)got;
    struct channel_frame frame;
    for (const uint8_t *at = bytes; left > 0;) {
        if (channel_read(&client->reader, &at, &left, &frame) != CHANNEL_FRAME || frame.type != CHANNEL_EXEC)
            continue;
        struct port *port = &ports[channel_get32(frame.payload) % PORTS];
        bool taken = port->there && port->asked && !does("nowhere");
        port->asked = true;
        answer_number(client->fd, CHANNEL_DONE, frame.session, taken ? 0 : 2);
    }
}

/* ---- the monitor ---- */

static void say(int fd, const char *text)
{
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        fprintf(stderr, "standin: the client has left\n");
}

static void list_ports(char *text, size_t size)
{
    size_t length = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < PORTS; i++)
        if (ports[i].there)
            length += (size_t)snprintf(text + length, size - length,
                                       "%s{\"label\": \"exec-%d\", \"filename\": \"%sfd\"}",
                                       length > 1 ? ", " : "", i, ports[i].fd < 0 ? "disconnected:" : "");
    snprintf(text + length, size - length, "]");
}

static int number_behind(const char *request, const char *key)
{
    const char *found = strstr(request, key);
    return found != NULL ? (int)strtol(found + strlen(key), NULL, 10) % PORTS : 0;
}

static void execute(struct client *client, const char *request)
{
    char text[4096], list[3072] = "{}";
    const char *id = strstr(request, "\"id\":");
    for (const char *next = id; next != NULL; next = strstr(next + 1, "\"id\":"))
        id = next[5] != '"' ? next : id;
    int port = number_behind(request, "\"id\":\"exec-");
    if (strstr(request, "query-chardev") != NULL) {
        list_ports(list, sizeof list);
    } else if (strstr(request, "chardev-add") != NULL) {
        ports[port] = (struct port){.fd = client->received, .there = true};
        fcntl(client->received, F_SETFL, 0); /* waiting is simpler here */
        client->received = -1;
    } else if (strstr(request, "chardev-remove") != NULL) {
        if (ports[port].fd >= 0)
            close(ports[port].fd);
        ports[port] = (struct port){.fd = -1};
    }
    if (strstr(request, "qmp_capabilities") == NULL) {
        const char *name = strstr(request, "\"execute\":\"");
        name = name != NULL ? name + strlen("\"execute\":\"") : "";
        printf("command %.*s %d\n", (int)strcspn(name, "\""), name, port);
        fflush(stdout);
    }
    snprintf(text, sizeof text, "{\"return\": %s, \"id\": %lld}\r\n", list,
             id != NULL ? strtoll(id + 5, NULL, 10) : 0);
    say(client->fd, text);
}

/* Each request of urunc's comes whole. */
static void hear_manager(struct client *client)
{
    char request[4096];
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct iovec vector = {.iov_base = request, .iov_len = sizeof request - 1};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof control.space};
    ssize_t got = recvmsg(client->fd, &message, 0);
    if (got <= 0) {
        close(client->fd);
        client->fd = -1;
        return;
    }
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_type == SCM_RIGHTS)
        memcpy(&client->received, CMSG_DATA(header), sizeof client->received);
    request[got] = '\0';
    execute(client, request);
}

/* ---- both ---- */

/* One client at a time, as QEMU has it. */
static void accept_client(struct client *client, bool is_manager)
{
    client->fd = accept(client->listener, NULL, NULL);
    client->reader = (struct channel_reader){0};
    client->received = -1;
    if (is_manager && client->fd >= 0)
        say(client->fd, "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n");
}

static void flood(int fd)
{
    static const uint8_t bytes[CHANNEL_PAYLOAD_MAX];
    answer(fd, CHANNEL_OUTPUT, 0, bytes, sizeof bytes);
}

static void turn(struct client clients[CLIENTS])
{
    struct pollfd fds[CLIENTS + PORTS];
    for (int i = 0; i < CLIENTS; i++)
        fds[i] =
            (struct pollfd){.fd = clients[i].fd >= 0 ? clients[i].fd : clients[i].listener, .events = POLLIN};
    for (int i = 0; i < PORTS; i++)
        fds[CLIENTS + i] = (struct pollfd){
            .fd = ports[i].fd, .events = (short)(POLLIN | (does("flood") && ports[i].runs ? POLLOUT : 0))};
    poll(fds, CLIENTS + PORTS, -1);
    for (int i = 0; i < CLIENTS; i++) {
        if (fds[i].revents == 0)
            continue;
        if (clients[i].fd < 0)
            accept_client(&clients[i], i == 1);
        else if (i == 0)
            hear_control(&clients[i]);
        else
            hear_manager(&clients[i]);
    }
    for (int i = 0; i < PORTS; i++) {
        if (ports[i].fd >= 0 && (fds[CLIENTS + i].revents & (POLLIN | POLLHUP | POLLERR)))
            hear_program(&ports[i]);
        else if (ports[i].runs && (fds[CLIENTS + i].revents & POLLOUT))
            flood(ports[i].fd);
    }
}

void exec_run(char *const *argv, const char *how)
{
    struct client clients[CLIENTS] = {
        {.listener = find_number(argv, "socket,id=control,fd=", NULL), .fd = -1},
        {.listener = find_number(argv, "socket,id=manage,fd=", NULL), .fd = -1},
    };
    const struct sigaction action = {.sa_handler = end_on_signal};
    manner = how;
    sigaction(SIGTERM, &action, NULL);
    for (int i = 0; i < PORTS; i++)
        ports[i].fd = -1;
    puts("agent");
    fflush(stdout);
    for (;;)
        turn(clients);
}
