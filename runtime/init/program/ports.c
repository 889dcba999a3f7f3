/*
 * A port is a character device whose name stands in sysfs, and both appear some time after the driver was
 * loaded. Reading a port that the host has not connected yet looks like the end of file, so the order of
 * opening matters: runtime/channel.h.
 */
#include "runtime/init/program/ports.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/channel.h"
#include "runtime/init/console.h"
#include "runtime/init/files.h"

#define CLASS "/sys/class/virtio-ports"

static const struct {
    const char *name;
    int mode;
    bool required; /* one that is not stands before the others: it is there when they are, or never */
} kinds[PORTS] = {
    [PORT_STDIN] = {CHANNEL_STDIN, O_RDONLY, true},         [PORT_STDOUT] = {CHANNEL_STDOUT, O_WRONLY, true},
    [PORT_STDERR] = {CHANNEL_STDERR, O_WRONLY, true},       [PORT_CONTROL] = {CHANNEL_CONTROL, O_RDWR, true},
    [PORT_WINDOW] = {CHANNEL_WINDOW_PORT, O_RDONLY, false},
};

enum {
    DEVICE_SIZE = 300, /* "/dev/" and a directory entry */
    PAUSE = 2 * 1000,  /* microseconds */
    ATTEMPTS = 5 * 1000 * 1000 / PAUSE,
};

struct devices {
    char paths[PORTS][DEVICE_SIZE];
};

enum { NAME_SIZE = 64 };

/* The name of the port that stands there in sysfs; false where it has none yet. */
static bool read_name(const char *entry, char name[NAME_SIZE])
{
    char path[sizeof CLASS + DEVICE_SIZE];
    snprintf(path, sizeof path, CLASS "/%s/name", entry);
    if (entry[0] == '.' || read_text(path, name, NAME_SIZE) <= 0)
        return false;
    name[strcspn(name, "\n")] = '\0';
    return true;
}

static void note_device(struct devices *devices, const char *entry)
{
    char name[NAME_SIZE];
    if (!read_name(entry, name))
        return;
    for (size_t i = 0; i < PORTS; i++)
        if (strcmp(name, kinds[i].name) == 0)
            snprintf(devices->paths[i], DEVICE_SIZE, "/dev/%s", entry);
}

/* NULL where all that must be there are, else the name of one that is not. */
static const char *find_devices(struct devices *devices)
{
    memset(devices, 0, sizeof *devices);
    DIR *directory = opendir(CLASS);
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
        note_device(devices, entry->d_name);
    if (directory != NULL)
        closedir(directory);
    for (size_t i = 0; i < PORTS; i++)
        if (kinds[i].required && (devices->paths[i][0] == '\0' || access(devices->paths[i], F_OK) < 0))
            return kinds[i].name;
    return NULL;
}

static bool wait_for_devices(struct devices *devices)
{
    const char *missing = find_devices(devices);
    for (int i = 0; missing != NULL && i < ATTEMPTS; i++) {
        usleep(PAUSE);
        missing = find_devices(devices);
    }
    if (missing != NULL)
        complain("%s: the port did not come up within five seconds: is virtio_console among the modules? The "
                 "console is used instead",
                 missing);
    return missing == NULL;
}

static bool open_port(struct ports *ports, const struct devices *devices, enum port port)
{
    const char *path = devices->paths[port];
    ports->fds[port] = open(path, kinds[port].mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (ports->fds[port] < 0)
        complain("%s (%s):", kinds[port].name, path);
    return ports->fds[port] >= 0;
}

/* An output port can be written to once the host has connected it. */
static bool wait_for_host(const struct ports *ports, enum port port)
{
    struct pollfd output = {.fd = ports->fds[port], .events = POLLOUT};
    for (int i = 0; i < ATTEMPTS; i++) {
        if (poll(&output, 1, 0) == 1 && (output.revents & POLLOUT))
            return true;
        usleep(PAUSE); /* not by poll(2): POLLHUP would end it at once */
    }
    complain("%s: the host did not connect the port within five seconds. The console is used instead",
             kinds[port].name);
    return false;
}

static void close_all(struct ports *ports)
{
    for (size_t i = 0; i < PORTS; i++) {
        if (ports->fds[i] >= 0)
            close(ports->fds[i]);
        ports->fds[i] = -1;
    }
}

bool ports_open(struct ports *ports)
{
    static const enum port order[] = {PORT_STDOUT, PORT_STDERR, PORT_CONTROL, PORT_STDIN};
    struct devices devices;
    memset(ports, -1, sizeof *ports);
    bool good = wait_for_devices(&devices);
    for (size_t i = 0; good && i < sizeof order / sizeof *order; i++)
        good = open_port(ports, &devices, order[i]) &&
               ((order[i] != PORT_STDOUT && order[i] != PORT_STDERR) || wait_for_host(ports, order[i]));
    if (!good)
        close_all(ports);
    else if (devices.paths[PORT_WINDOW][0] != '\0')
        open_port(ports, &devices, PORT_WINDOW);
    return good;
}

int port_open_named(const char *wanted)
{
    char path[DEVICE_SIZE] = "";
    char name[NAME_SIZE];
    DIR *directory = opendir(CLASS);
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
        if (read_name(entry->d_name, name) && strcmp(name, wanted) == 0)
            snprintf(path, sizeof path, "/dev/%s", entry->d_name);
    if (directory != NULL)
        closedir(directory);
    if (path[0] != '\0')
        return open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    errno = ENOENT;
    return -1;
}
