/* QEMU: what is done to it while it runs, by its machine protocol. */
#include <string.h>
#include <time.h>

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

/* A migration into a file (docs/devel/migration.rst of QEMU's repository). The machine runs until all but
 * little is saved; so a restored one runs at once. */
static int save_machine(int connection, int file, struct error *error)
{
    cleanup_qmp struct qmp qmp = QMP_NONE;
    if (qmp_open(connection, &qmp, error) < 0 ||
        qmp_do(&qmp, "migrate-set-parameters",
               json_pack("{s:I, s:i}", "max-bandwidth", BANDWIDTH, "downtime-limit", DOWNTIME), -1,
               error) < 0 ||
        qmp_do(&qmp, "getfd", json_pack("{s:s}", "fdname", "machine"), file, error) < 0 ||
        qmp_do(&qmp, "migrate", json_pack("{s:s}", "uri", "fd:machine"), -1, error) < 0)
        return -1;
    return await_saved(&qmp, error);
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
