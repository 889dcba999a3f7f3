/* What took how long in a container's life, as a table. The file itself is for Perfetto (runtime/trace.h). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"
#include "runtime/commands/command.h"
#include "runtime/config/config.h"
#include "runtime/trace.h"

enum { TRACE_MAX = 1 << 20 /* bytes of a file; a container's has some thousand */ };

struct event {
    const char *name; /* borrowed from the document */
    int actor;
    double start;    /* microseconds */
    double duration; /* likewise; negative: it happened at one instant */
};

/* The file lacks the end of its array, and maybe of its last line. */
static json_t *parse_events(struct buffer *text, const char *path, struct error *error)
{
    while (text->length > 0 && text->data[text->length - 1] != '\n')
        text->length--;
    while (text->length > 0 && strchr("\n,", text->data[text->length - 1]) != NULL)
        text->length--;
    buffer_add_char(text, ']');
    json_error_t problem;
    json_t *events = json_loadb(text->data, text->length, 0, &problem);
    if (events == NULL)
        error_set(error, "%s:%d: %s", path, problem.line, problem.text);
    return events;
}

static bool read_event(const json_t *object, struct event *event)
{
    *event = (struct event){
        .name = json_string_value(json_object_get(object, "name")),
        .actor = (int)json_integer_value(json_object_get(object, "tid")),
        .start = json_number_value(json_object_get(object, "ts")),
        .duration = -1,
    };
    const json_t *duration = json_object_get(object, "dur");
    if (duration != NULL)
        event->duration = json_number_value(duration);
    const char *phase = json_string_value(json_object_get(object, "ph"));
    return event->name != NULL && phase != NULL && strcmp(phase, "M") != 0 && event->actor > 0 &&
           event->actor <= TRACE_ACTORS;
}

/* What contains something stands before it. */
static int compare(const void *left, const void *right)
{
    const struct event *a = left, *b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return a->duration > b->duration ? -1 : a->duration < b->duration;
}

static void print_events(const struct event *events, size_t count)
{
    printf("%12s %12s  %-14s %s\n", "AT (ms)", "TOOK (ms)", "WHO", "WHAT");
    for (size_t i = 0; i < count; i++) {
        cleanup_free char *name = text_printable(events[i].name);
        printf("%12.3f ", (events[i].start - events[0].start) / 1000);
        if (events[i].duration >= 0)
            printf("%12.3f", events[i].duration / 1000);
        else
            printf("%12s", "");
        printf("  %-14s %s\n", trace_actors[events[i].actor], name);
    }
}

static int print_trace(const char *path, struct error *error)
{
    cleanup_buffer struct buffer text = {0};
    if (read_file(AT_FDCWD, path, TRACE_MAX, &text, error) < 0)
        return -1;
    cleanup_json json_t *document = parse_events(&text, path, error);
    if (document == NULL)
        return -1;
    cleanup_free struct event *events = xcalloc(json_array_size(document) + 1, sizeof *events);
    size_t i, count = 0;
    json_t *object;
    json_array_foreach (document, i, object)
        count += read_event(object, &events[count]);
    qsort(events, count, sizeof *events, compare);
    print_events(events, count);
    return 0;
}

int command_trace(const struct command *command, const struct invocation *invocation, struct error *error)
{
    const struct option_spec specs[] = {OPTIONS_END};
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, invocation, specs, 1, 1, &operands, error);
    if (parsed <= 0)
        return parsed;
    cleanup_config struct config config = {0};
    if (container_id_check(operands.items[0], error) < 0 ||
        config_load(invocation->runtime.config_path, &config, error) < 0)
        return -1;
    if (config.trace == NULL)
        return error_set(error,
                         "nothing is traced: set \"trace\" in urunc's configuration (urunc-config(5))");
    cleanup_free char *path = trace_path(config.trace, operands.items[0]);
    return print_trace(path, error);
}
