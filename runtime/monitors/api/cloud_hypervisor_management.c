/*
 * Cloud Hypervisor: what is done to it while it runs, over its API.
 *
 * Its power button is one of ACPI's events (of a device for events), not of the fixed hardware that
 * BOOT_STOP_POWER_BUTTON names; no guest that is known to listen to that one runs on it.
 */
#include "runtime/monitors/api/api.h"
#include "runtime/monitors/api/http.h"

static int request(int connection, const char *path, struct error *error)
{
    cleanup_http struct http http = http_open(connection, HTTP_TIMEOUT);
    return http_call(&http, "PUT", path, NULL, error);
}

static int pause_machine(int connection, struct error *error)
{
    return request(connection, "/api/v1/vm.pause", error);
}

static int resume_machine(int connection, struct error *error)
{
    return request(connection, "/api/v1/vm.resume", error);
}

const struct monitor_management cloud_hypervisor_management = {
    .pause = pause_machine,
    .resume = resume_machine,
};
