/*
 * Stands in for systemd on the system bus: systemd BUS LOG [VERSION].
 *
 * Serves one connection after another on the unix socket BUS, as the bus and as systemd's manager at once. It
 * makes the cgroup of a transient scope in systemd's own hierarchy and puts the process there, as systemd
 * does, and appends a line to LOG for each call that changes something. Units whose name has a word behave
 * otherwise: "refused" is refused, the job of "broken" fails, "gone" is not known when it is stopped.
 */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER      "org.freedesktop.systemd1.Manager"
#define JOB          MANAGER_PATH "/job/1"

static int log_fd;
static const char *version = "252.39-1";

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* What is known of a unit, and the line of the log. */
struct unit {
    const char *name;
    char slice[256];
    unsigned process;
    char line[4096];
};

__attribute__((format(printf, 2, 3))) static void say(struct unit *unit, const char *format, ...)
{
    va_list arguments;
    size_t length = strlen(unit->line);
    va_start(arguments, format);
    vsnprintf(unit->line + length, sizeof unit->line - length, format, arguments);
    va_end(arguments);
}

static void write_line(struct unit *unit)
{
    say(unit, "\n");
    if (write(log_fd, unit->line, strlen(unit->line)) < 0)
        fail("log");
}

static int read_value(sd_bus_message *message, const char *name, struct unit *unit)
{
    const char *type = NULL, *text = NULL;
    uint64_t large = 0;
    int flag = 0;
    int status = sd_bus_message_peek_type(message, NULL, &type);
    if (status < 0)
        return status;
    if (strcmp(type, "s") == 0) {
        status = sd_bus_message_read(message, "v", "s", &text);
        say(unit, " %s=%s", name, text);
        if (strcmp(name, "Slice") == 0)
            snprintf(unit->slice, sizeof unit->slice, "%s", text);
    } else if (strcmp(type, "b") == 0) {
        status = sd_bus_message_read(message, "v", "b", &flag);
        say(unit, " %s=%d", name, flag);
    } else if (strcmp(type, "t") == 0) {
        status = sd_bus_message_read(message, "v", "t", &large);
        say(unit, " %s=%llu", name, (unsigned long long)large);
    } else {
        status = sd_bus_message_read(message, "v", "au", 1, &unit->process);
    }
    return status;
}

static int read_properties(sd_bus_message *message, struct unit *unit)
{
    const char *name = NULL;
    int status = sd_bus_message_enter_container(message, 'a', "(sv)");
    while (status >= 0 && (status = sd_bus_message_enter_container(message, 'r', "sv")) > 0) {
        status = sd_bus_message_read(message, "s", &name);
        if (status >= 0)
            status = read_value(message, name, unit);
        if (status >= 0)
            status = sd_bus_message_exit_container(message);
    }
    return status < 0 ? status : sd_bus_message_exit_container(message);
}

/* Where systemd keeps its units: a hierarchy of its own beside version 1, else that of version 2. */
static void find_hierarchy(char *path, size_t size)
{
    FILE *mounts = setmntent("/proc/mounts", "r");
    const struct mntent *mount;
    *path = '\0';
    while (mounts != NULL && (mount = getmntent(mounts)) != NULL) {
        bool own = strcmp(mount->mnt_type, "cgroup") == 0 && strstr(mount->mnt_opts, "name=systemd") != NULL;
        if (own || (*path == '\0' && strcmp(mount->mnt_type, "cgroup2") == 0))
            snprintf(path, size, "%s", mount->mnt_dir);
        if (own)
            break;
    }
    if (mounts != NULL)
        endmntent(mounts);
}

static void make_cgroup(const struct unit *unit)
{
    char path[2048], file[2100], process[16];
    find_hierarchy(path, sizeof path);
    size_t length = strlen(path);
    /* "a-b.slice" lies in "a.slice". */
    for (size_t i = 1; unit->slice[i] != '\0' && unit->slice[i] != '.'; i++) {
        if (unit->slice[i] != '-')
            continue;
        length += (size_t)snprintf(path + length, sizeof path - length, "/%.*s.slice", (int)i, unit->slice);
        mkdir(path, 0755);
    }
    length += (size_t)snprintf(path + length, sizeof path - length, "/%s", unit->slice);
    mkdir(path, 0755);
    snprintf(path + length, sizeof path - length, "/%s", unit->name);
    mkdir(path, 0755);
    snprintf(file, sizeof file, "%s/cgroup.procs", path);
    int digits = snprintf(process, sizeof process, "%u", unit->process);
    int fd = open(file, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, process, (size_t)digits) != digits)
        fail(file);
    close(fd);
}

static int tell_of_job(sd_bus *bus, unsigned number, const char *unit, const char *result)
{
    sd_bus_message *signal = NULL;
    int status = sd_bus_message_new_signal(bus, &signal, MANAGER_PATH, MANAGER, "JobRemoved");
    if (status >= 0)
        status = sd_bus_message_append(signal, "uoss", number, JOB, unit, result);
    if (status >= 0)
        status = sd_bus_message_set_sender(signal, ":1.0");
    if (status >= 0)
        status = sd_bus_send(bus, signal, NULL);
    sd_bus_message_unref(signal);
    return status;
}

static int end_job(sd_bus_message *message, const char *unit)
{
    sd_bus *bus = sd_bus_message_get_bus(message);
    int status = sd_bus_reply_method_return(message, "o", JOB);
    /* Of another unit, which is none of the caller's business. */
    if (status >= 0)
        status = tell_of_job(bus, 2, "other.scope", "failed");
    if (status >= 0)
        status = tell_of_job(bus, 1, unit, strstr(unit, "broken") != NULL ? "failed" : "done");
    return status;
}

static int on_start(sd_bus_message *message, void *data, sd_bus_error *error)
{
    (void)data;
    struct unit unit = {0};
    const char *mode = NULL;
    int status = sd_bus_message_read(message, "ss", &unit.name, &mode);
    say(&unit, "start %s", unit.name);
    if (status >= 0)
        status = read_properties(message, &unit);
    if (status < 0)
        return status;
    write_line(&unit);
    if (strstr(unit.name, "refused") != NULL)
        return sd_bus_error_set(error, "org.freedesktop.systemd1.UnitExists",
                                "the stand-in takes no such unit");
    if (strstr(unit.name, "broken") == NULL)
        make_cgroup(&unit);
    return end_job(message, unit.name);
}

static int on_set(sd_bus_message *message, void *data, sd_bus_error *error)
{
    (void)data;
    (void)error;
    struct unit unit = {0};
    int runtime = 0;
    int status = sd_bus_message_read(message, "sb", &unit.name, &runtime);
    say(&unit, "set %s runtime=%d", unit.name, runtime);
    if (status >= 0)
        status = read_properties(message, &unit);
    if (status < 0)
        return status;
    write_line(&unit);
    return sd_bus_reply_method_return(message, "");
}

static int on_stop(sd_bus_message *message, void *data, sd_bus_error *error)
{
    (void)data;
    struct unit unit = {0};
    const char *mode = NULL;
    int status = sd_bus_message_read(message, "ss", &unit.name, &mode);
    if (status < 0)
        return status;
    say(&unit, "stop %s", unit.name);
    write_line(&unit);
    if (strstr(unit.name, "gone") != NULL)
        return sd_bus_error_set(error, "org.freedesktop.systemd1.NoSuchUnit", "not loaded");
    return end_job(message, unit.name);
}

static int on_reset(sd_bus_message *message, void *data, sd_bus_error *error)
{
    (void)data;
    (void)error;
    struct unit unit = {0};
    if (sd_bus_message_read(message, "s", &unit.name) >= 0) {
        say(&unit, "reset %s", unit.name);
        write_line(&unit);
    }
    return sd_bus_reply_method_return(message, "");
}

static int on_nothing(sd_bus_message *message, void *data, sd_bus_error *error)
{
    (void)data;
    (void)error;
    return sd_bus_reply_method_return(message, "");
}

static int on_hello(sd_bus_message *message, void *data, sd_bus_error *error)
{
    (void)data;
    (void)error;
    return sd_bus_reply_method_return(message, "s", ":1.1");
}

static const sd_bus_vtable bus_methods[] = {
    SD_BUS_VTABLE_START(0), SD_BUS_METHOD("Hello", "", "s", on_hello, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("AddMatch", "s", "", on_nothing, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RemoveMatch", "s", "", on_nothing, SD_BUS_VTABLE_UNPRIVILEGED), SD_BUS_VTABLE_END};

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *data, sd_bus_error *error)
{
    (void)bus, (void)path, (void)interface, (void)property, (void)data, (void)error;
    return sd_bus_message_append(reply, "s", version);
}

static const sd_bus_vtable manager_methods[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_METHOD("Subscribe", "", "", on_nothing, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StartTransientUnit", "ssa(sv)a(sa(sv))", "o", on_start, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("SetUnitProperties", "sba(sv)", "", on_set, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StopUnit", "ss", "o", on_stop, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("ResetFailedUnit", "s", "", on_reset, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END};

static void serve(int fd)
{
    sd_bus *bus = NULL;
    sd_id128_t id = SD_ID128_MAKE(01, 02, 03, 04, 05, 06, 07, 08, 09, 0a, 0b, 0c, 0d, 0e, 0f, 10);
    if (sd_bus_new(&bus) < 0 || sd_bus_set_fd(bus, fd, fd) < 0 || sd_bus_set_server(bus, 1, id) < 0 ||
        sd_bus_set_trusted(bus, 1) < 0 || sd_bus_start(bus) < 0 ||
        sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/DBus", "org.freedesktop.DBus", bus_methods,
                                 NULL) < 0 ||
        sd_bus_add_object_vtable(bus, NULL, MANAGER_PATH, MANAGER, manager_methods, NULL) < 0)
        fail("bus");
    for (int status = 0; status >= 0;) {
        status = sd_bus_process(bus, NULL);
        if (status == 0)
            status = sd_bus_wait(bus, UINT64_MAX);
    }
    sd_bus_flush_close_unref(bus);
}

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (argc < 3 || argc > 4 || strlen(argv[1]) >= sizeof address.sun_path)
        return 2;
    if (argc == 4)
        version = argv[3];
    strcpy(address.sun_path, argv[1]);
    log_fd = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (log_fd < 0 || listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, 16) < 0)
        fail(argv[1]);
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            serve(fd);
    }
}
