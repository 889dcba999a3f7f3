/* QEMU: what is done to it while it runs, by its machine protocol. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/clock.h"
#include "runtime/monitors/qemu/qemu.h"
#include "runtime/monitors/qemu/qmp.h"

static int execute(int connection, const char *command, struct error *error)
{
    cleanup_qmp struct qmp qmp = QMP_NONE;
    if (qmp_open(connection, &qmp, error) < 0)
        return -1;
    return qmp_do(&qmp, command, NULL, -1, error);
}

static int stop_guest(int connection, struct error *error)
{
    return execute(connection, "system_powerdown", error);
}

static int pause_machine(int connection, struct error *error)
{
    return execute(connection, "stop", error);
}

static int resume_machine(int connection, struct error *error)
{
    return execute(connection, "cont", error);
}

/* ---- saving and restoring ---- */

/* Milliseconds, but for the pause. */
enum {
    STILLSTAND_TIMEOUT = 60 * 1000,   /* in which not one byte was saved */
    RESTORE_TIMEOUT = 10 * 60 * 1000, /* QEMU does not answer while it reads the machine */
    DOWNTIME = 2000 * 1000,         /* QEMU's limit: what is left is saved with the machine standing still */
    STATUS_PAUSE = 5 * 1000 * 1000, /* nanoseconds */
    PUMP_BYTES = 1 << 20,
};
#define BANDWIDTH ((json_int_t)1 << 40) /* bytes a second: none is saved */

static void wait_a_little(void)
{
    const struct timespec pause = {.tv_nsec = STATUS_PAUSE};
    nanosleep(&pause, NULL);
}

/* Returns 1 where the machine is saved, 0 where it is not yet. */
static int ask_progress(struct qmp *qmp, json_int_t *saved, struct error *error)
{
    qmp->deadline = clock_milliseconds() + QMP_TIMEOUT;
    cleanup_json json_t *answer = qmp_call(qmp, "query-migrate", NULL, -1, error);
    if (answer == NULL)
        return -1;
    const char *status = json_string_value(json_object_get(answer, "status"));
    if (status != NULL && strcmp(status, "completed") == 0)
        return 1;
    if (status != NULL && (strcmp(status, "failed") == 0 || strcmp(status, "cancelled") == 0)) {
        const char *why = json_string_value(json_object_get(answer, "error-desc"));
        return error_set(error, "QEMU has not saved the machine: %s", why != NULL ? why : status);
    }
    *saved = json_integer_value(json_object_get(json_object_get(answer, "ram"), "transferred"));
    return 0;
}

/*
 * A machine is saved through a pipe, which a child empties into the file: QEMU never has the file itself, so
 * it can write neither more than the limit nor later. QEMU answers nothing while it waits for room in the
 * pipe.
 */
struct pump {
    int process; /* pidfd of the child; -1: none; owned */
    int verdict; /* what it says at its end, one byte; owned */
};
enum { PUMPED = 1, TOO_MUCH, FAILED };

/* In the child, a copy of a process that may have other threads: system calls alone. */
static _Noreturn void empty(int pipe, int file, uint64_t limit, int verdict)
{
    char said = PUMPED;
    for (ssize_t moved; (moved = splice(pipe, NULL, file, NULL, PUMP_BYTES, 0)) != 0;) {
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved < 0 || (uint64_t)moved > limit) {
            said = moved < 0 ? FAILED : TOO_MUCH;
            break;
        }
        limit -= (uint64_t)moved;
    }
    _exit(write(verdict, &said, 1) == 1 ? 0 : 1);
}

static int start_pump(int pipe, int file, uint64_t limit, struct pump *pump, struct error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(error, errno, "pipe");
    pid_t child = fork();
    if (child == 0)
        empty(pipe, file, limit, ends[1]);
    close(ends[1]);
    pump->verdict = ends[0];
    if (child < 0)
        return error_errno(error, errno, "fork");
    pump->process = pidfd_open(child, 0);
    return pump->process >= 0 ? 0 : error_errno(error, errno, "pidfd_open");
}

/* It ends when QEMU has closed the pipe. */
static int await_pump(const struct pump *pump, struct error *error)
{
    char said = FAILED;
    struct pollfd ended = {.fd = pump->verdict, .events = POLLIN};
    while (poll(&ended, 1, STILLSTAND_TIMEOUT) < 0 && errno == EINTR)
        ;
    if (ended.revents == 0)
        return error_set(error, "QEMU does not end what it saves");
    if (read(pump->verdict, &said, 1) != 1 || said == FAILED)
        return error_set(error, "the saved machine cannot be written: is there no room?");
    return said == PUMPED ? 0 : error_set(error, "QEMU writes more than a machine of this memory has");
}

static void end_pump(struct pump *pump)
{
    siginfo_t ended;
    if (pump->process >= 0)
        pidfd_send_signal(pump->process, SIGKILL, NULL, 0);
    while (pump->process >= 0 && waitid(P_PIDFD, (id_t)pump->process, &ended, WEXITED) < 0 && errno == EINTR)
        ;
    if (pump->process >= 0)
        close(pump->process);
    if (pump->verdict >= 0)
        close(pump->verdict);
}
#define cleanup_pump __attribute__((cleanup(end_pump)))

static int await_saved(struct qmp *qmp, struct error *error)
{
    json_int_t before = 0, saved = 0;
    int64_t moved = clock_milliseconds();
    for (;;) {
        int done = ask_progress(qmp, &saved, error);
        if (done != 0)
            return done < 0 ? -1 : 0;
        if (saved != before)
            moved = clock_milliseconds();
        before = saved;
        if (clock_milliseconds() - moved > STILLSTAND_TIMEOUT)
            return error_set(error, "QEMU has saved nothing for %d seconds", STILLSTAND_TIMEOUT / 1000);
        wait_a_little();
    }
}

/* The child says better why QEMU could not go on, where it says something. */
static int await_both(struct qmp *qmp, const struct pump *pump, struct error *error)
{
    cleanup_error struct error failed = {0};
    struct pollfd ended = {.fd = pump->verdict, .events = POLLIN};
    int status = await_saved(qmp, error);
    if (status < 0 && poll(&ended, 1, 0) <= 0)
        return -1;
    if (await_pump(pump, &failed) == 0)
        return status;
    return error_set(error, "%s", failed.message);
}

/* docs/devel/migration.rst of QEMU's repository. The machine runs until all but little is saved; so a
 * restored one runs at once. */
static int save_machine(int connection, int file, uint64_t limit, struct error *error)
{
    int ends[2];
    cleanup_qmp struct qmp qmp = QMP_NONE;
    cleanup_pump struct pump pump = {.process = -1, .verdict = -1};
    if (qmp_open(connection, &qmp, error) < 0)
        return -1;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(error, errno, "pipe");
    cleanup_close int to = ends[1];
    fcntl(to, F_SETPIPE_SZ, PUMP_BYTES); /* fewer turns where it is granted */
    int status =
        qmp_do(&qmp, "migrate-set-parameters",
               json_pack("{s:I, s:i}", "max-bandwidth", BANDWIDTH, "downtime-limit", DOWNTIME), -1, error);
    if (status == 0)
        status = qmp_do(&qmp, "getfd", json_pack("{s:s}", "fdname", "machine"), to, error);
    close(take_fd(to)); /* the child must not hold it */
    if (status == 0)
        status = start_pump(ends[0], file, limit, &pump, error);
    close(ends[0]);
    if (status < 0 || qmp_do(&qmp, "migrate", json_pack("{s:s}", "uri", "fd:machine"), -1, error) < 0)
        return -1;
    return await_both(&qmp, &pump, error);
}

static int await_restored(int connection, struct error *error)
{
    cleanup_qmp struct qmp qmp = QMP_NONE;
    if (qmp_open_within(connection, RESTORE_TIMEOUT, &qmp, error) < 0)
        return -1;
    for (;;) {
        cleanup_json json_t *answer = qmp_call(&qmp, "query-status", NULL, -1, error);
        if (answer == NULL)
            return -1;
        const char *status = json_string_value(json_object_get(answer, "status"));
        if (status == NULL || strcmp(status, "inmigrate") != 0)
            break;
        wait_a_little();
    }
    return qmp_do(&qmp, "cont", NULL, -1, error);
}

const struct monitor_management qemu_management = {
    .stop_guest = stop_guest,
    .pause = pause_machine,
    .resume = resume_machine,
    .save = save_machine,
    .await_restored = await_restored,
};
