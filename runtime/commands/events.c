/* A container's figures at intervals, and a line when the kernel ended a process of it for want of memory. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/clock.h"
#include "runtime/commands/command.h"
#include "runtime/sandbox/cgroups/stats/oom.h"

/* Go's durations, as runc takes them: "5s", "1m30s", "500ms". Milliseconds, or -1. */
static int64_t parse_duration(const char *text)
{
    static const struct {
        const char *name;
        double milliseconds;
    } units[] = {{"ms", 1}, {"us", 0.001}, {"ns", 0.000001}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    double total = 0;
    do {
        size_t digits = strspn(text, "0123456789."), unit = 0;
        char *end = NULL;
        double number = strtod(text, &end);
        if (digits == 0 || end != text + digits)
            return -1;
        while (unit < sizeof units / sizeof *units &&
               strncmp(end, units[unit].name, strlen(units[unit].name)) != 0)
            unit++;
        if (unit == sizeof units / sizeof *units)
            return -1;
        total += number * units[unit].milliseconds;
        text = end + strlen(units[unit].name);
    } while (*text != '\0');
    return total >= 1 && total < INT32_MAX ? (int64_t)total : -1;
}

/* Takes `data`. */
static int print_event(const char *type, const char *id, json_t *data, struct error *error)
{
    cleanup_json json_t *event = json_pack("{s:s, s:s}", "type", type, "id", id);
    if (data != NULL)
        json_object_set_new(event, "data", data);
    cleanup_free char *text = json_dumps(event, JSON_COMPACT);
    if (text == NULL || printf("%s\n", text) < 0 || fflush(stdout) != 0)
        return error_set(error, "stdout: cannot be written to");
    return 0;
}

static int report_oom(struct oom_watch *watch, const char *id, struct error *error)
{
    return oom_watch_happened(watch) ? print_event("oom", id, NULL, error) : 0;
}

/* Until the container has ended. */
static int print_events(const struct state *state, int pidfd, int64_t interval, struct error *error)
{
    cleanup_oom_watch struct oom_watch watch = OOM_WATCH_NONE;
    if (oom_watch_open(&state->cgroups, &watch, error) < 0)
        return -1;
    for (int64_t next = clock_milliseconds() + interval;;) {
        int64_t left = next - clock_milliseconds();
        struct pollfd waits[] = {{.fd = pidfd, .events = POLLIN}, {.fd = watch.fd, .events = watch.events}};
        if (poll(waits, 2, left > 0 ? (int)left : 0) < 0 && errno != EINTR)
            return error_errno(error, errno, "poll");
        if (report_oom(&watch, state->id, error) < 0)
            return -1;
        if (waits[0].revents != 0)
            return 0;
        if (clock_milliseconds() < next)
            continue;
        if (print_event("stats", state->id, container_stats(state), error) < 0)
            return -1;
        next += interval;
    }
}

static int run(const struct invocation *invocation, const char *id, int64_t interval, bool once,
               struct error *error)
{
    cleanup_state struct state state = {0};
    cleanup_close int directory = container_load(&invocation->runtime, id, &state, error);
    if (directory < 0)
        return -1;
    cleanup_close int pidfd = state_open_process(&state);
    if (pidfd < 0)
        return error_set(error, "container with id %s is not running", id);
    if (once)
        return print_event("stats", id, container_stats(&state), error);
    return print_events(&state, pidfd, interval, error);
}

int command_events(const struct command *command, const struct invocation *invocation, struct error *error)
{
    const char *text = "5s";
    bool once = false;
    const struct option_spec specs[] = {
        OPTION_VALUE("interval", 0, "TIME", "between two lines of figures: 5s (default), 1m30s, 500ms",
                     &text),
        OPTION_FLAG("stats", 0, "print the figures once and end", &once),
        OPTIONS_END,
    };
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, invocation, specs, 1, 1, &operands, error);
    if (parsed <= 0)
        return parsed;
    if (command_hand_over(invocation, operands.items[0], error) < 0)
        return -1;
    int64_t interval = parse_duration(text);
    if (interval < 0)
        return error_set(error, "events: --interval %s: not a time above 0, such as 5s", text);
    return run(invocation, operands.items[0], interval, once, error);
}
