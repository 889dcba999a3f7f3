/* A monitor that is managed by QEMU's protocol: what it does with a command is one word of the guest's
 * command line. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/sandbox/standin/report.h"

static const char greeting[] = "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n";

static void end_on_signal(int number)
{
    (void)number;
    exit(0);
}

static void say(int fd, const char *text)
{
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        fprintf(stderr, "standin: the client has left\n");
}

/* The text of a member that is one, without its quotes. */
static void find_text(const char *request, const char *key, char *text, size_t size)
{
    const char *start = strstr(request, key);
    start = start != NULL ? start + strlen(key) : "";
    snprintf(text, size, "%.*s", (int)strcspn(start, "\""), start);
}

static void answer(int fd, const char *request, const char *manner)
{
    char command[64], text[512];
    const char *id = strstr(request, "\"id\":");
    long long number = id != NULL ? strtoll(id + 5, NULL, 10) : 0;
    bool negotiates = strstr(request, "qmp_capabilities") != NULL;
    find_text(request, "\"execute\":\"", command, sizeof command);
    if (!negotiates) {
        printf("command %s\n", command);
        fflush(stdout);
    }
    if (!negotiates && strcmp(manner, "silent") == 0)
        return;
    bool refuses = strcmp(manner, "refuse") == 0 ||
                   (strcmp(manner, "unsaved") == 0 && strncmp(command, "migrate", strlen("migrate")) == 0);
    if (!negotiates && refuses)
        snprintf(text, sizeof text, "{\"error\": {\"desc\": \"the stand-in does not\"}, \"id\": %lld}\r\n",
                 number);
    else
        snprintf(text, sizeof text,
                 "{\"event\": \"X\"}\r\n{\"return\": {\"status\": \"completed\"}, \"id\": %lld}\r\n", number);
    say(fd, text);
    if (strcmp(manner, "obey") == 0 && strcmp(command, "system_powerdown") == 0)
        exit(0); /* as a guest does that switches itself off */
    if (strcmp(command, "quit") == 0)
        exit(0);
}

/* The descriptor that came along, or -1. */
static int descriptor_in(struct msghdr *message)
{
    int fd = -1;
    const struct cmsghdr *header = CMSG_FIRSTHDR(message);
    if (header != NULL && header->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

/* In a child, so that commands are answered meanwhile; it ends by SIGPIPE. */
static void write_for_ever(int fd)
{
    static const char bytes[1 << 16];
    if (fork() != 0)
        return;
    while (write(fd, bytes, sizeof bytes) > 0)
        ;
    _exit(0);
}

/* Each request of urunc's comes whole. */
static void serve(int fd, const char *manner)
{
    char request[4096], control[CMSG_SPACE(sizeof(int))];
    int file = -1;
    say(fd, greeting);
    for (;;) {
        struct iovec part = {.iov_base = request, .iov_len = sizeof request - 1};
        struct msghdr message = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        ssize_t got = recvmsg(fd, &message, 0);
        if (got <= 0)
            break;
        request[got] = '\0';
        int received = descriptor_in(&message);
        file = received >= 0 ? received : file;
        answer(fd, request, manner);
        if (file >= 0 && strstr(request, "\"migrate\"") != NULL) {
            if (strcmp(manner, "long") == 0)
                write_for_ever(file);
            close(file); /* all is saved */
            file = -1;
        }
    }
    if (file >= 0)
        close(file);
}

void manage_run(char *const *argv, const char *manner)
{
    const struct sigaction action = {.sa_handler = end_on_signal};
    int listener = find_number(argv, "socket,id=manage,fd=", NULL);
    sigaction(SIGTERM, &action, NULL);
    puts("managed");
    fflush(stdout);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            _exit(1);
        serve(fd, manner);
        close(fd);
    }
}
