/* A monitor that makes a socket of its own and is managed by HTTP there, as Firecracker is: what it does with
 * a request is one word of the guest's command line. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/boot.h"
#include "tests/sandbox/standin/report.h"

#define SAVED "what the machine was"

char *api_command_line(const char *path)
{
    static const char key[] = "\"boot_args\":\"";
    static char text[4096];
    int fd = open(path, O_RDONLY);
    ssize_t got = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    text[got > 0 ? got : 0] = '\0';
    char *line = strstr(text, key);
    if (line == NULL)
        return NULL;
    line += sizeof key - 1;
    line[strcspn(line, "\"")] = '\0';
    return line;
}

static void say(int fd, const char *text)
{
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        fprintf(stderr, "standin: the client has left\n");
}

/* The descriptor stays open with the manner "hold". */
static void save(const char *path, const char *manner)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    if (fd < 0 || write(fd, SAVED, strlen(SAVED)) < 0)
        perror("standin: save");
    if (strcmp(manner, "long") == 0 && ftruncate(fd, (off_t)1 << 40) < 0)
        perror("standin: save");
    if (strcmp(manner, "long") == 0)
        for (;;)
            pause();
    if (strcmp(manner, "hold") != 0)
        close(fd);
}

static void load(const char *path)
{
    char text[64] = "";
    int fd = open(path, O_RDONLY);
    if (fd >= 0 && read(fd, text, sizeof text - 1) > 0)
        printf("loaded %s\n", text);
    fflush(stdout);
}

static bool is_for(const char *request, const char *what)
{
    return strstr(request, what) != NULL;
}

static void answer(int fd, const char *request, const char *manner)
{
    char method[16] = "", path[64] = "";
    sscanf(request, "%15s %63s", method, path);
    printf("request %s %s\n", method, path);
    fflush(stdout);
    if (strcmp(manner, "refuse") == 0) {
        say(fd, "HTTP/1.1 400 \r\nContent-Length: 41\r\n\r\n{\"fault_message\":\"the stand-in does not\"}");
        return;
    }
    if (is_for(request, "/snapshot/create")) {
        save(BOOT_SAVED_STATE_PATH, manner);
        save(BOOT_SAVED_MEMORY_PATH, manner);
    }
    if (is_for(request, "/snapshot/load")) {
        load(BOOT_SAVED_STATE_PATH);
        load(BOOT_SAVED_MEMORY_PATH);
    }
    say(fd, "HTTP/1.1 204 \r\nServer: standin\r\n\r\n");
    if (strcmp(manner, "obey") == 0 && is_for(request, "SendCtrlAltDel"))
        exit(0); /* as a guest does that ends itself */
}

/* Each request of urunc's comes whole. */
static void serve(int fd, const char *manner)
{
    char request[4096];
    ssize_t got;
    while ((got = recv(fd, request, sizeof request - 1, 0)) > 0) {
        request[got] = '\0';
        answer(fd, request, manner);
    }
}

static void end_on_signal(int number)
{
    (void)number;
    exit(0);
}

void api_run(const char *manner)
{
    const struct sigaction action = {.sa_handler = end_on_signal};
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = BOOT_MANAGE_PATH};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    sigaction(SIGTERM, &action, NULL);
    if (bind(listener, (const struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 8) < 0) {
        perror("standin: " BOOT_MANAGE_PATH);
        _exit(1);
    }
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
