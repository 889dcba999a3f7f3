#include "runtime/sandbox/cgroups/systemd/systemd.h"

#include <errno.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/clock.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/cgroups/limits/limit.h"
#include "runtime/sandbox/cgroups/systemd/sd_bus.h"
#include "runtime/sandbox/namespaces/rootless.h"

#define BOOTED_WITH_SYSTEMD "/run/systemd/system" /* sd_booted(3) */
#define DESTINATION         "org.freedesktop.systemd1"
#define MANAGER_PATH        "/org/freedesktop/systemd1"
#define MANAGER             "org.freedesktop.systemd1.Manager"
#define WHERE               "--systemd-cgroup: "

enum {
    JOB_TIMEOUT = 60 * 1000, /* milliseconds for systemd to make or stop a scope */
    SECOND = 1000 * 1000,    /* microseconds */
};

/* ---- the connection ---- */

struct connection {
    struct sd_bus_library library;
    sd_bus *bus;
};

static void disconnect(struct connection *connection)
{
    if (connection->bus != NULL)
        connection->library.sd_bus_flush_close_unref(connection->bus);
}
#define cleanup_connection __attribute__((cleanup(disconnect)))

static int connect_to(struct connection *connection, struct error *error)
{
    if (access(BOOTED_WITH_SYSTEMD, F_OK) < 0)
        return error_set(error, WHERE "systemd does not run here (there is no " BOOTED_WITH_SYSTEMD
                                      "); without the option urunc makes the cgroup itself");
    if (sd_bus_load(&connection->library, error) < 0)
        return error_prefix(error, "--systemd-cgroup");
    /* Without root the units are those of the user's own systemd. */
    bool of_user = rootless_host_user() != 0;
    int status = of_user ? connection->library.sd_bus_open_user(&connection->bus)
                         : connection->library.sd_bus_open_system(&connection->bus);
    if (status < 0)
        return error_errno(error, -status, WHERE "cannot reach systemd by the %s bus",
                           of_user ? "user's" : "system's");
    return 0;
}

static int refused(struct connection *connection, sd_bus_error *answer, int number, const char *unit,
                   struct error *error)
{
    error_set(error, WHERE "systemd refuses the unit %s: %s", unit,
              answer->message != NULL ? answer->message : strerror(-number));
    connection->library.sd_bus_error_free(answer);
    return -1;
}

bool systemd_serves_user(void)
{
    struct statfs status;
    const char *directory = getenv("XDG_RUNTIME_DIR");
    cleanup_free char *bus = xasprintf("%s/bus", directory != NULL ? directory : "");
    return statfs("/sys/fs/cgroup", &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC &&
           (getenv("DBUS_SESSION_BUS_ADDRESS") != NULL || access(bus, F_OK) == 0);
}

/* ---- waiting for a job ---- */

struct job {
    const struct connection *connection;
    const char *unit;
    char result[32]; /* "done"; "": not yet */
};

static int on_job_removed(sd_bus_message *message, void *data, sd_bus_error *ignored)
{
    (void)ignored;
    struct job *job = data;
    const char *path = NULL, *unit = NULL, *result = NULL;
    uint32_t number = 0;
    if (job->connection->library.sd_bus_message_read(message, "uoss", &number, &path, &unit, &result) >= 0 &&
        strcmp(unit, job->unit) == 0)
        snprintf(job->result, sizeof job->result, "%s", result);
    return 0;
}

/* Asks to be told of jobs; before the one is begun that is waited for. */
static int expect_job(struct connection *connection, struct job *job, struct error *error)
{
    int status = connection->library.sd_bus_match_signal(connection->bus, NULL, DESTINATION, MANAGER_PATH,
                                                         MANAGER, "JobRemoved", on_job_removed, job);
    if (status >= 0)
        status = connection->library.sd_bus_call_method(connection->bus, DESTINATION, MANAGER_PATH, MANAGER,
                                                        "Subscribe", NULL, NULL, "");
    return status >= 0 ? 0 : error_errno(error, -status, WHERE "cannot follow systemd's jobs");
}

static int wait_for_job(struct connection *connection, const struct job *job, struct error *error)
{
    int64_t deadline = clock_milliseconds() + JOB_TIMEOUT;
    while (job->result[0] == '\0') {
        int status = connection->library.sd_bus_process(connection->bus, NULL);
        if (status == 0)
            status = connection->library.sd_bus_wait(connection->bus, SECOND);
        if (status < 0 && status != -EINTR)
            return error_errno(error, -status, WHERE "unit %s", job->unit);
        if (clock_milliseconds() > deadline)
            return error_set(error, WHERE "systemd is not done with the unit %s after %d seconds", job->unit,
                             JOB_TIMEOUT / 1000);
    }
    if (strcmp(job->result, "done") == 0)
        return 0;
    return error_set(error, WHERE "systemd's job for the unit %s: %s", job->unit, job->result);
}

/* ---- limits as properties ---- */

static int add_property(struct connection *connection, sd_bus_message *message, const char *name,
                        uint64_t value)
{
    return connection->library.sd_bus_message_append(message, "(sv)", name, "t", value);
}

/* Microseconds of a second; systemd keeps hundredths of a processor. */
static uint64_t quota_of_second(int64_t quota, int64_t period)
{
    enum { STEP = 10000 };
    if (quota <= 0)
        return UINT64_MAX;
    uint64_t part = (uint64_t)quota * SECOND / (uint64_t)(period > 0 ? period : 100000);
    return (part + STEP - 1) / STEP * STEP;
}

struct unit_limits {
    int64_t memory, reservation, swap, shares, quota, period, tasks; /* 0: not said; -1: none */
    const json_t *unified;                                           /* or NULL; borrowed */
};

static int read_limits(const json_t *resources, struct unit_limits *limits, struct error *error)
{
    const json_t *memory = NULL, *cpu = NULL, *pids = NULL;
    *limits = (struct unit_limits){0};
    if (read_object(resources, RESOURCES, "memory", &memory, error) < 0 ||
        read_object(resources, RESOURCES, "cpu", &cpu, error) < 0 ||
        read_object(resources, RESOURCES, "pids", &pids, error) < 0 ||
        read_object(resources, RESOURCES, "unified", &limits->unified, error) < 0 ||
        read_integer(memory, RESOURCES "memory.", "limit", -1, INT64_MAX, &limits->memory, error) < 0 ||
        read_integer(memory, RESOURCES "memory.", "reservation", -1, INT64_MAX, &limits->reservation, error) <
            0 ||
        read_integer(memory, RESOURCES "memory.", "swap", -1, INT64_MAX, &limits->swap, error) < 0 ||
        read_integer(cpu, RESOURCES "cpu.", "shares", 0, INT64_MAX, &limits->shares, error) < 0 ||
        read_integer(cpu, RESOURCES "cpu.", "quota", -1, INT64_MAX / SECOND, &limits->quota, error) < 0 ||
        read_integer(cpu, RESOURCES "cpu.", "period", 0, INT64_MAX, &limits->period, error) < 0)
        return -1;
    return read_integer(pids, RESOURCES "pids.", "limit", INT64_MIN, INT64_MAX, &limits->tasks, error) < 0
               ? -1
               : 0;
}

/* Systemd writes all files of a controller when it is told of one. */
static int add_memory(struct connection *connection, sd_bus_message *message,
                      const struct unit_limits *limits, uint64_t overhead)
{
    int status = 0;
    if (limits->memory != 0)
        status = add_property(connection, message, "MemoryMax",
                              limits->memory > 0 ? (uint64_t)limits->memory + overhead : UINT64_MAX);
    if (limits->reservation != 0 && status >= 0)
        status =
            add_property(connection, message, "MemoryLow",
                         limits->reservation > 0 ? (uint64_t)limits->reservation + overhead : UINT64_MAX);
    if (limits->swap != 0 && status >= 0)
        status = add_property(connection, message, "MemorySwapMax",
                              limits->swap > 0 && limits->memory > 0 && limits->swap >= limits->memory
                                  ? (uint64_t)(limits->swap - limits->memory)
                                  : UINT64_MAX);
    return status;
}

static int add_unified(struct connection *connection, sd_bus_message *message, const json_t *unified)
{
    static const char *const properties[][2] = {
        {"memory.max", "MemoryMax"}, {"memory.high", "MemoryHigh"},        {"memory.low", "MemoryLow"},
        {"memory.min", "MemoryMin"}, {"memory.swap.max", "MemorySwapMax"}, {"pids.max", "TasksMax"},
    };
    int status = 0;
    for (size_t i = 0; i < sizeof properties / sizeof *properties && status >= 0; i++) {
        const char *text = json_string_value(json_object_get(unified, properties[i][0]));
        if (text != NULL)
            status = add_property(connection, message, properties[i][1],
                                  strcmp(text, "max") == 0 ? UINT64_MAX : strtoull(text, NULL, 10));
    }
    return status;
}

/* The property is systemd's since version 242; before, the period is always 100 ms. */
static bool knows_period(struct connection *connection)
{
    enum { SINCE = 242 };
    sd_bus_error answer = SD_BUS_ERROR_NULL;
    cleanup_free char *version = NULL;
    int status = connection->library.sd_bus_get_property_string(connection->bus, DESTINATION, MANAGER_PATH,
                                                                MANAGER, "Version", &answer, &version);
    connection->library.sd_bus_error_free(&answer);
    return status >= 0 && strtol(version + (*version == 'v'), NULL, 10) >= SINCE;
}

static int add_limits(struct connection *connection, sd_bus_message *message,
                      const struct unit_limits *limits, uint64_t overhead)
{
    int status = add_memory(connection, message, limits, overhead);
    if (limits->shares != 0 && status >= 0)
        status = add_property(connection, message, "CPUWeight", (uint64_t)cpu_weight(limits->shares));
    if (limits->quota != 0 && status >= 0)
        status = add_property(connection, message, "CPUQuotaPerSecUSec",
                              quota_of_second(limits->quota, limits->period));
    if (limits->period > 0 && status >= 0 && knows_period(connection))
        status = add_property(connection, message, "CPUQuotaPeriodUSec", (uint64_t)limits->period);
    if (limits->tasks != 0 && status >= 0)
        status = add_property(connection, message, "TasksMax",
                              limits->tasks > 0 ? (uint64_t)limits->tasks : UINT64_MAX);
    return status >= 0 ? add_unified(connection, message, limits->unified) : status;
}

/* ---- starting ---- */

/* Does nothing until it is ended, at the latest with its parent. */
static pid_t start_placeholder(struct error *error)
{
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        return error_errno(error, errno, "fork");
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (getppid() == parent)
        pause();
    _exit(0);
}

static int fill_request(struct connection *connection, sd_bus_message *message,
                        const struct systemd_scope *scope, const struct unit_limits *limits,
                        uint64_t overhead)
{
    static const char *const on[] = {"Delegate", "MemoryAccounting", "CPUAccounting", "TasksAccounting",
                                     "IOAccounting"};
    const struct sd_bus_library *library = &connection->library;
    int status = library->sd_bus_message_append(message, "ss", scope->unit, "fail");
    if (status >= 0)
        status = library->sd_bus_message_open_container(message, 'a', "(sv)");
    if (status >= 0)
        status = library->sd_bus_message_append(
            message, "(sv)(sv)(sv)(sv)", "Description", "s", "urunc container", "Slice", "s", scope->slice,
            "PIDs", "au", 1, (uint32_t)scope->placeholder, "DefaultDependencies", "b", 0);
    for (size_t i = 0; i < sizeof on / sizeof *on && status >= 0; i++)
        status = library->sd_bus_message_append(message, "(sv)", on[i], "b", 1);
    if (status >= 0)
        status = add_limits(connection, message, limits, overhead);
    if (status >= 0)
        status = library->sd_bus_message_close_container(message);
    return status >= 0 ? library->sd_bus_message_append(message, "a(sa(sv))", 0) : status;
}

static int request_scope(struct connection *connection, const struct systemd_scope *scope,
                         const struct unit_limits *limits, uint64_t overhead, struct error *error)
{
    const struct sd_bus_library *library = &connection->library;
    sd_bus_error answer = SD_BUS_ERROR_NULL;
    sd_bus_message *message = NULL;
    struct job job = {.connection = connection, .unit = scope->unit};
    if (expect_job(connection, &job, error) < 0)
        return -1;
    int status = library->sd_bus_message_new_method_call(connection->bus, &message, DESTINATION, MANAGER_PATH,
                                                         MANAGER, "StartTransientUnit");
    if (status >= 0)
        status = fill_request(connection, message, scope, limits, overhead);
    if (status >= 0)
        status = library->sd_bus_call(connection->bus, message, 0, &answer, NULL);
    if (message != NULL)
        library->sd_bus_message_unref(message);
    if (status < 0)
        return refused(connection, &answer, status, scope->unit, error);
    return wait_for_job(connection, &job, error);
}

int systemd_scope_start(struct systemd_scope *scope, const json_t *resources, uint64_t overhead,
                        struct error *error)
{
    cleanup_connection struct connection connection = {0};
    struct unit_limits limits;
    if (read_limits(resources, &limits, error) < 0 || connect_to(&connection, error) < 0)
        return -1;
    scope->placeholder = start_placeholder(error);
    scope->started =
        scope->placeholder > 0 && request_scope(&connection, scope, &limits, overhead, error) == 0;
    if (scope->started)
        return 0;
    systemd_scope_release(scope);
    return -1;
}

int systemd_scope_attach(const struct systemd_scope *scope, pid_t pid, struct error *error)
{
    cleanup_connection struct connection connection = {0};
    sd_bus_error answer = SD_BUS_ERROR_NULL;
    if (connect_to(&connection, error) < 0)
        return -1;
    int status = connection.library.sd_bus_call_method(connection.bus, DESTINATION, MANAGER_PATH, MANAGER,
                                                       "AttachProcessesToUnit", &answer, NULL, "ssau",
                                                       scope->unit, "", 1, (uint32_t)pid);
    return status < 0 ? refused(&connection, &answer, status, scope->unit, error) : 0;
}

void systemd_scope_release(struct systemd_scope *scope)
{
    if (scope->placeholder <= 0)
        return;
    kill(scope->placeholder, SIGKILL); /* our child, not yet waited for: the number is still its own */
    while (waitpid(scope->placeholder, NULL, 0) < 0 && errno == EINTR)
        ;
    scope->placeholder = 0;
}

/* ---- afterwards ---- */

int systemd_set_limits(const char *unit, const json_t *resources, uint64_t overhead, struct error *error)
{
    cleanup_connection struct connection connection = {0};
    struct unit_limits limits;
    sd_bus_error answer = SD_BUS_ERROR_NULL;
    sd_bus_message *message = NULL;
    if (read_limits(resources, &limits, error) < 0 || connect_to(&connection, error) < 0)
        return -1;
    const struct sd_bus_library *library = &connection.library;
    int status = library->sd_bus_message_new_method_call(connection.bus, &message, DESTINATION, MANAGER_PATH,
                                                         MANAGER, "SetUnitProperties");
    if (status >= 0)
        status = library->sd_bus_message_append(message, "sb", unit, 1);
    if (status >= 0)
        status = library->sd_bus_message_open_container(message, 'a', "(sv)");
    if (status >= 0)
        status = add_limits(&connection, message, &limits, overhead);
    if (status >= 0)
        status = library->sd_bus_message_close_container(message);
    if (status >= 0)
        status = library->sd_bus_call(connection.bus, message, 0, &answer, NULL);
    if (message != NULL)
        library->sd_bus_message_unref(message);
    return status < 0 ? refused(&connection, &answer, status, unit, error) : 0;
}

int systemd_stop(const char *unit, struct error *error)
{
    cleanup_connection struct connection connection = {0};
    sd_bus_error answer = SD_BUS_ERROR_NULL;
    if (connect_to(&connection, error) < 0)
        return -1;
    const struct sd_bus_library *library = &connection.library;
    struct job job = {.connection = &connection, .unit = unit};
    if (expect_job(&connection, &job, error) < 0)
        return -1;
    int status = library->sd_bus_call_method(connection.bus, DESTINATION, MANAGER_PATH, MANAGER, "StopUnit",
                                             &answer, NULL, "ss", unit, "replace");
    bool is_gone = library->sd_bus_error_has_name(&answer, DESTINATION ".NoSuchUnit") != 0;
    if (status < 0 && !is_gone)
        return refused(&connection, &answer, status, unit, error);
    library->sd_bus_error_free(&answer);
    /* Whose processes were killed for want of memory has failed, and would stay for `systemctl` to show. */
    library->sd_bus_call_method(connection.bus, DESTINATION, MANAGER_PATH, MANAGER, "ResetFailedUnit", NULL,
                                NULL, "s", unit);
    return is_gone ? 0 : wait_for_job(&connection, &job, error);
}

/* ---- names ---- */

/* Puts the cgroup of the user's systemd, below which it makes all of its own, before the path. */
static int go_below_user(struct systemd_scope *scope, struct error *error)
{
    cleanup_connection struct connection connection = {0};
    sd_bus_error answer = SD_BUS_ERROR_NULL;
    cleanup_free char *above = NULL, *path = take_pointer(scope->path);
    if (connect_to(&connection, error) < 0)
        return -1;
    int status = connection.library.sd_bus_get_property_string(connection.bus, DESTINATION, MANAGER_PATH,
                                                               MANAGER, "ControlGroup", &answer, &above);
    connection.library.sd_bus_error_free(&answer);
    if (status < 0)
        return error_errno(error, -status, WHERE "the user's systemd does not tell its cgroup");
    cleanup_free char *joined = xasprintf("%s%s", above, path);
    scope->path = cgroup_path(joined, "", error);
    return scope->path != NULL ? 0 : -1;
}

int systemd_scope_read(const char *cgroups_path, const char *id, struct systemd_scope *scope,
                       struct error *error)
{
    bool of_user = rootless_host_user() != 0;
    const char *slice = of_user ? "user.slice" : "system.slice";
    cleanup_free char *text = cgroups_path != NULL && *cgroups_path != '\0'
                                  ? xasprintf("%s%s", *cgroups_path == ':' ? slice : "", cgroups_path)
                                  : xasprintf("%s:urunc:%s", slice, id);
    cleanup_free char *path = cgroup_path(text, id, error);
    if (path == NULL)
        return -1;
    if (text[0] == '/' || strchr(text, ':') == NULL)
        return error_set(
            error, "linux.cgroupsPath: \"%s\" is not SLICE:PREFIX:NAME, as --systemd-cgroup wants it", text);
    size_t length = strcspn(text, ":");
    scope->slice = xstrndup(text, length);
    scope->unit = xstrdup(strrchr(path, '/') + 1);
    scope->path = take_pointer(path);
    return of_user ? go_below_user(scope, error) : 0;
}

void systemd_scope_free(struct systemd_scope *scope)
{
    systemd_scope_release(scope);
    free(scope->unit);
    free(scope->slice);
    free(scope->path);
    *scope = (struct systemd_scope){0};
}
