/*
 * Firecracker: what is done to it while it runs, over its API.
 *
 * A snapshot is two files, which it opens by name; so both are mounted into its root for it. It takes one of
 * a paused machine alone. A monitor that is to go on with one is started without a configuration, and with
 * taps of the names that the snapshot has.
 */
#include "runtime/monitors/api/api.h"
#include "runtime/monitors/api/http.h"

enum { SNAPSHOT_TIMEOUT = 10 * 60 * 1000 }; /* milliseconds: it answers when all memory is written */

static int set_state(struct http *http, const char *state, struct error *error)
{
    return http_call(http, "PATCH", "/vm", json_pack("{s:s}", "state", state), error);
}

static int pause_machine(int connection, struct error *error)
{
    cleanup_http struct http http = http_open(connection, HTTP_TIMEOUT);
    return set_state(&http, "Paused", error);
}

static int resume_machine(int connection, struct error *error)
{
    cleanup_http struct http http = http_open(connection, HTTP_TIMEOUT);
    return set_state(&http, "Resumed", error);
}

#ifdef __x86_64__ /* other machines have no keyboard controller */
static int press_keys(int connection, struct error *error)
{
    cleanup_http struct http http = http_open(connection, HTTP_TIMEOUT);
    return http_call(&http, "PUT", "/actions", json_pack("{s:s}", "action_type", "SendCtrlAltDel"), error);
}
#endif

static int save_machine(int connection, struct error *error)
{
    cleanup_http struct http http = http_open(connection, SNAPSHOT_TIMEOUT);
    if (set_state(&http, "Paused", error) < 0)
        return -1;
    return http_call(&http, "PUT", "/snapshot/create",
                     json_pack("{s:s, s:s}", "snapshot_path", BOOT_SAVED_STATE_PATH, "mem_file_path",
                               BOOT_SAVED_MEMORY_PATH),
                     error);
}

static int load_machine(int connection, struct error *error)
{
    cleanup_http struct http http = http_open(connection, SNAPSHOT_TIMEOUT);
    return http_call(&http, "PUT", "/snapshot/load",
                     json_pack("{s:s, s:{s:s, s:s}, s:b}", "snapshot_path", BOOT_SAVED_STATE_PATH,
                               "mem_backend", "backend_type", "File", "backend_path", BOOT_SAVED_MEMORY_PATH,
                               "resume_vm", 1),
                     error);
}

const struct monitor_management firecracker_management = {
#ifdef __x86_64__
    .stop_guest = press_keys,
#endif
    .pause = pause_machine,
    .resume = resume_machine,
    .save_by_name = save_machine,
    .await_restored = load_machine,
};
